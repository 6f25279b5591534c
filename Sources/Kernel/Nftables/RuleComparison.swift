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

    /// The expression at hand; the room for it is used again.
    private var writer = AttributeWriter(flagsNests: false)

    /// Compares the elements of `NFTA_RULE_EXPRESSIONS`; `nil` unless each is the expression in its place.
    mutating func match(_ list: ArraySlice<UInt8>, _ expressions: [Expression]) -> Match? {
        var match = Match()
        var rest = list
        for expression in expressions {
            guard let length = length(of: expression, at: rest, &match) else { return nil }
            rest = rest.dropFirst(length)
        }
        return rest.isEmpty ? match : nil
    }

    /// The length of the element at the start of `list`; `nil` unless it is this expression.
    private mutating func length(
        of expression: Expression, at list: ArraySlice<UInt8>, _ match: inout Match
    ) -> Int? {
        switch expression {
        case .counter:
            guard let element = Attributes.first(of: list), let counter = CounterState(element: element) else {
                return nil
            }
            if match.counter == nil { match.counter = counter }
            return element.bytes.count
        // The kernel has made up the name.
        case .lookup(let lookup) where lookup.isAnonymous: return nil
        default:
            var references = SetReferences()
            writer.clear()
            writer.expression(NFTA_LIST_ELEM, expression, &references)
            return list.starts(withOctets: writer.octets) ? writer.count : nil
        }
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

extension Lookup {
    fileprivate var isAnonymous: Bool {
        if case .anonymous = set { true } else { false }
    }
}
