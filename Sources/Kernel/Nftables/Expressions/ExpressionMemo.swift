internal import Rulesets

/// Caches a value for each list of expressions that many rules share.
///
/// Rules with the same sources share one array, identified by its address: hashing or comparing the expressions would
/// take as long as encoding them again.
struct ExpressionMemo<Value> {
    /// The values by address; the array is retained so that its address is not reused.
    private var known: [UInt: (expressions: [Expression], value: Value)] = [:]

    /// The most lists to cache: if all lists differ, caching costs memory and gains nothing.
    private static var maximumCount: Int { 256 }

    /// The value for `expressions`, from the cache or from `make`.
    mutating func value(of expressions: [Expression], _ make: ([Expression]) -> Value) -> Value {
        let address = unsafe expressions.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        if let found = known[address] { return found.value }
        let value = make(expressions)
        if known.count < Self.maximumCount { known[address] = (expressions, value) }
        return value
    }
}
