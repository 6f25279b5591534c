internal import Rulesets

/// Remembers what was made of lists of expressions that many rules share.
///
/// Rules of the same sources share one array, which is known by its address: to hash or to compare the expressions would take
/// as long as to encode them again.
struct ExpressionMemo<Value> {
    /// By address; the array is kept so that its address stays its own.
    private var known: [UInt: (expressions: [Expression], value: Value)] = [:]

    /// Lists beyond this many are not remembered: where they are all different it would cost memory and gain nothing.
    private static var maximumCount: Int { 256 }

    /// What `make` gives for `expressions`, now or the last time.
    mutating func value(of expressions: [Expression], _ make: ([Expression]) -> Value) -> Value {
        let address = unsafe expressions.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        if let found = known[address] { return found.value }
        let value = make(expressions)
        if known.count < Self.maximumCount { known[address] = (expressions, value) }
        return value
    }
}
