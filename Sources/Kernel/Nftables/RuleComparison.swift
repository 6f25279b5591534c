internal import Addressing
internal import CNftnl
internal import Rulesets

/// Decides whether the kernel has the expected expressions, without decoding them.
///
/// The expressions are encoded as the kernel dumps them and compared byte by byte. Equal bytes decode to equal
/// expressions; different bytes must be decoded, since some expressions have more than one encoding.
struct RuleComparison {
    /// The result of a successful comparison.
    struct Match {
        /// The state of the first counter; `nil` if there is none.
        var counter: CounterState?
    }

    /// A part of a dumped list of expressions.
    private enum Part {
        /// Exactly these bytes.
        case bytes(ArraySlice<UInt8>)
        /// A counter with any state.
        case counter
        /// Bytes that cannot be predicted: the kernel chooses the name of an anonymous set.
        case unknown
    }

    private var memo = ExpressionMemo<[Part]>()
    /// The expressions of rules that are not as expected.
    var decoded = DecodedExpressions()

    /// Compares the elements of `NFTA_RULE_EXPRESSIONS`; `nil` unless each equals the expression at its position.
    mutating func match(_ list: ArraySlice<UInt8>, _ expressions: [Expression]) -> Match? {
        var match = Match()
        var rest = list
        for part in memo.value(of: expressions, Self.parts) {
            switch part {
            case .bytes(let bytes):
                guard rest.span.hasPrefix(bytes.span) else { return nil }
                rest = rest.dropFirst(bytes.count)
            case .counter:
                guard let element = Attributes.first(of: rest), let counter = CounterState(element: element) else {
                    return nil
                }
                if match.counter == nil { match.counter = counter }
                rest = rest.dropFirst(element.bytes.count)
            case .unknown: return nil
            }
        }
        return rest.isEmpty ? match : nil
    }

    private static func parts(of expressions: [Expression]) -> [Part] {
        var parts: [Part] = []
        for (index, run) in expressions.split(separator: .counter, omittingEmptySubsequences: false).enumerated() {
            if index > 0 { parts.append(.counter) }
            if run.contains(where: \.isAnonymousLookup) { return [.unknown] }
            var writer = AttributeWriter(flagsNests: false)
            var references = SetReferences()
            for expression in run { writer.expression(NFTA_LIST_ELEM, expression, &references) }
            if writer.count > 0 { parts.append(.bytes(writer.written)) }
        }
        return parts
    }
}

extension CounterState {
    /// Decodes an element of a list of expressions; `nil` unless it is just a counter.
    fileprivate init?(element: Attributes.Attribute) {
        guard element.type == NFTA_LIST_ELEM.rawValue, let expression = Attributes(element.payload),
            expression.has(NFTA_EXPR_NAME, named: Self.kernelName), expression.areAll(of: Self.expression),
            let data = expression.nest(NFTA_EXPR_DATA), data.areAll(of: Self.counts)
        else { return nil }
        self.init(from: data)
    }

    private static let expression: AttributeTypes = [NFTA_EXPR_NAME, NFTA_EXPR_DATA]
    private static let counts: AttributeTypes = [NFTA_COUNTER_BYTES, NFTA_COUNTER_PACKETS, NFTA_COUNTER_PAD]
}

extension Expression {
    fileprivate var isAnonymousLookup: Bool {
        guard case .lookup(let lookup) = self, case .anonymous = lookup.set else { return false }
        return true
    }
}
