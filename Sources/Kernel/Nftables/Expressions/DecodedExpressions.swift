internal import Rulesets

/// Decodes the expressions of many rules: most expressions of a big table are in thousands of its rules.
///
/// Equal bytes decode to equal expressions, which then share their storage, too.
struct DecodedExpressions {
    /// The payload of an element; it is hashed as a whole, which takes a tenth of the time of decoding it.
    private struct Payload: Hashable {
        let bytes: ArraySlice<UInt8>

        func hash(into hasher: inout Hasher) {
            unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        }
    }

    private var known: [Payload: Expression] = [:]

    /// The most expressions to remember: those that only one rule has would cost memory and gain nothing.
    private static let maximumCount = 1_024

    /// The expressions of a list; `nil` if one has no name.
    mutating func expressions(_ list: Attributes) -> [Expression]? {
        var expressions: [Expression] = []
        for element in list {
            guard let expression = expression(element.payload) else { return nil }
            expressions.append(expression)
        }
        return expressions
    }

    private mutating func expression(_ payload: ArraySlice<UInt8>) -> Expression? {
        if let expression = known[Payload(bytes: payload)] { return expression }
        guard let expression = Attributes.expression(payload) else { return nil }
        // The count of a counter differs from rule to rule. A slice of the datagram would keep all of it.
        if expression != .counter, known.count < Self.maximumCount {
            known[Payload(bytes: Array(payload)[...])] = expression
        }
        return expression
    }
}
