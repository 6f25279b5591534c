internal import CNftnl
internal import Rulesets

/// A rule as it was read: the rule, and what it has counted.
struct ReceivedRule {
    /// The rule, with look-ups in anonymous sets still by name.
    var rule: Rule
    /// What the kernel keeps with it.
    var state: RuleState

    /// Reads the attributes of `NFT_MSG_NEWRULE`; `nil` when their expressions do not read.
    ///
    /// Only a rule in an archive has no handle.
    ///
    /// - Parameters:
    ///   - attributes: the attributes.
    ///   - expected: the rule that may be expected to be this one.
    ///   - comparison: finds out whether it is.
    init?(from attributes: Attributes, expecting expected: Rule? = nil, _ comparison: inout RuleComparison) {
        let list = attributes[NFTA_RULE_EXPRESSIONS] ?? []
        let counted: CounterState?
        if let expected, let match = comparison.match(list, expected.expressions) {
            (rule, counted) = (Rule(expected.expressions), match.counter)
        } else {
            guard let read = Attributes(list), let expressions = read.expressions else { return nil }
            (rule, counted) = (Rule(expressions), expressions.contains(.counter) ? read.firstCounter : nil)
        }
        if let userdata = attributes[NFTA_RULE_USERDATA] {
            // Nor is the comment kept twice.
            let same = expected.flatMap { userdata == $0.userdata[...] ? $0.userdata : nil }
            rule.userdata = same ?? Array(userdata)
        }
        if !attributes.areAll(of: Self.known) { rule.unrecognized = attributes.without(Self.known).bytes }
        state = RuleState(
            handle: attributes.u64(NFTA_RULE_HANDLE) ?? 0, packets: counted?.packets, bytes: counted?.bytes)
    }

    /// What is read, and what the kernel adds by itself.
    private static let known: AttributeTypes = [
        NFTA_RULE_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS, NFTA_RULE_USERDATA, NFTA_RULE_HANDLE,
        NFTA_RULE_POSITION, NFTA_RULE_PAD, NFTA_RULE_ID, NFTA_RULE_POSITION_ID, NFTA_RULE_CHAIN_ID,
    ]
}

extension Attributes {
    /// What the first counter of a list of expressions has counted.
    fileprivate var firstCounter: CounterState? {
        for element in self {
            guard let expression = Attributes(element.payload),
                expression.has(NFTA_EXPR_NAME, named: CounterState.kernelName)
            else { continue }
            return expression.nest(NFTA_EXPR_DATA).flatMap { CounterState(from: $0) }
        }
        return nil
    }
}

extension Rule {
    /// Writes all but the names of table and chain and the place.
    func encode(into attributes: inout AttributeWriter, _ references: inout SetReferences) {
        attributes.expressions(NFTA_RULE_EXPRESSIONS, expressions, &references)
        encodeRest(into: &attributes)
    }

    /// The same, with what `memo` knows of the expressions, unless they refer to sets.
    func encode(
        into attributes: inout AttributeWriter, _ references: inout SetReferences,
        _ memo: inout ExpressionMemo<[UInt8]?>
    ) {
        guard let octets = memo.value(of: expressions, \.octets) else {
            encode(into: &attributes, &references)
            return
        }
        attributes.nest(NFTA_RULE_EXPRESSIONS) { $0.append(raw: octets) }
        encodeRest(into: &attributes)
    }

    private func encodeRest(into attributes: inout AttributeWriter) {
        if !userdata.isEmpty { attributes.octets(NFTA_RULE_USERDATA, userdata) }
        attributes.append(raw: unrecognized)
    }

    /// The anonymous sets that it looks into, in order.
    var anonymousSets: [AnonymousSet] {
        expressions.compactMap { expression in
            guard case .lookup(let lookup) = expression, case .anonymous(let set) = lookup.set else { return nil }
            return set
        }
    }

    /// Puts sets in the place of look-ups by name.
    mutating func inline(_ sets: [String: AnonymousSet]) {
        expressions = expressions.map { expression in
            guard case .lookup(var lookup) = expression, case .named(let name) = lookup.set, let set = sets[name]
            else { return expression }
            lookup.set = .anonymous(set)
            return .lookup(lookup)
        }
    }

    /// The names of the sets that it looks into.
    var lookedUp: [String] {
        expressions.compactMap { expression in
            guard case .lookup(let lookup) = expression, case .named(let name) = lookup.set else { return nil }
            return name
        }
    }
}

extension [Expression] {
    /// The elements of a list of them; `nil` where it depends on the batch how they name their sets.
    fileprivate var octets: [UInt8]? {
        guard allSatisfy({ !$0.refersToSet }) else { return nil }
        var writer = AttributeWriter()
        var references = SetReferences()
        for expression in self { writer.expression(NFTA_LIST_ELEM, expression, &references) }
        return writer.bytes
    }
}

extension Expression {
    fileprivate var refersToSet: Bool {
        switch self {
        case .lookup, .dynamicSet: true
        default: false
        }
    }
}
