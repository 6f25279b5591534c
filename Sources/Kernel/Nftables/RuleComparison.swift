internal import CNftnl
internal import Rulesets

/// Finds out whether the kernel has the expressions that are expected, without decoding them.
///
/// They are encoded as the kernel dumps them and compared octet by octet. Octets that are the same would be decoded to the
/// same expressions; others say nothing, for the kernel may spell the same in another way: then they must be decoded.
struct RuleComparison {
    /// What was found to be the same.
    struct Match {
        /// What the first counter has counted; `nil` when there is none.
        var counter: CounterState?
    }

    /// What a list of expressions looks like in a dump.
    private enum Part {
        /// These octets.
        case octets(ArraySlice<UInt8>)
        /// A counter, whatever it has counted.
        case counter
        /// What is not known before: the kernel has made up the name of an anonymous set.
        case unknown
    }

    private var memo = ExpressionMemo<[Part]>()

    /// Compares the elements of `NFTA_RULE_EXPRESSIONS`; `nil` unless each is the expression in its place.
    mutating func match(_ list: ArraySlice<UInt8>, _ expressions: [Expression]) -> Match? {
        var match = Match()
        var rest = list
        for part in memo.value(of: expressions, Self.parts) {
            switch part {
            case .octets(let octets):
                guard rest.starts(withOctets: octets) else { return nil }
                rest = rest.dropFirst(octets.count)
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
            if writer.count > 0 { parts.append(.octets(writer.octets)) }
        }
        return parts
    }
}

extension CounterState {
    /// Reads an element of a list of expressions; `nil` unless it is a counter and nothing else.
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
