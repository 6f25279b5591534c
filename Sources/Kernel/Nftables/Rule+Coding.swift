internal import CNftnl
internal import Rulesets

/// A rule of a dump, with its handle and counter.
struct ReceivedRule {
    /// The rule, with lookups in anonymous sets by name.
    var rule: Rule
    /// The handle and the counter.
    var state: RuleState

    /// Decodes the attributes of `NFT_MSG_NEWRULE`; `nil` if their expressions are invalid.
    ///
    /// Only a rule in an archive has no handle.
    ///
    /// - Parameters:
    ///   - attributes: the attributes.
    ///   - expected: the rule that is likely to be this one.
    ///   - comparison: decides whether it is.
    init?(from attributes: Attributes, expecting expected: Rule? = nil, _ comparison: inout RuleComparison) {
        let list = attributes[NFTA_RULE_EXPRESSIONS] ?? []
        let counted: CounterState?
        if let expected, let match = comparison.match(list, expected.expressions) {
            (rule, counted) = (Rule(expected.expressions), match.counter)
        } else {
            guard let read = Attributes(list), let expressions = comparison.decoded.expressions(read) else {
                return nil
            }
            (rule, counted) = (Rule(expressions), expressions.contains(.counter) ? read.firstCounter : nil)
        }
        if let userdata = attributes[NFTA_RULE_USERDATA] {
            // Shares the comment's storage as well.
            let same = expected.flatMap { userdata == $0.userdata[...] ? $0.userdata : nil }
            rule.userdata = same ?? Array(userdata)
        }
        if !attributes.areAll(of: Self.known) { rule.unrecognized = attributes.without(Self.known).bytes }
        state = RuleState(
            handle: attributes.u64(NFTA_RULE_HANDLE) ?? 0, packets: counted?.packets, bytes: counted?.bytes)
    }

    /// The attributes that are decoded, and attributes that the kernel adds.
    private static let known: AttributeTypes = [
        NFTA_RULE_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS, NFTA_RULE_USERDATA, NFTA_RULE_HANDLE,
        NFTA_RULE_POSITION, NFTA_RULE_PAD, NFTA_RULE_ID, NFTA_RULE_POSITION_ID, NFTA_RULE_CHAIN_ID,
    ]
}

extension Attributes {
    /// The state of the first counter in a list of expressions.
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
    /// Encodes all attributes but the names of table and chain and the position.
    func encode(into attributes: inout AttributeWriter, _ references: inout SetReferences) {
        attributes.expressions(NFTA_RULE_EXPRESSIONS, expressions, &references)
        encodeRest(into: &attributes)
    }

    /// Encodes the rule with the expressions from `memo`, unless they refer to sets.
    func encode(
        into attributes: inout AttributeWriter, _ references: inout SetReferences,
        _ memo: inout ExpressionMemo<[UInt8]?>
    ) {
        guard let encoded = memo.value(of: expressions, \.encodedElements) else {
            encode(into: &attributes, &references)
            return
        }
        attributes.nest(NFTA_RULE_EXPRESSIONS) { $0.append(raw: encoded) }
        encodeRest(into: &attributes)
    }

    private func encodeRest(into attributes: inout AttributeWriter) {
        if !userdata.isEmpty { attributes.bytes(NFTA_RULE_USERDATA, userdata) }
        attributes.append(raw: unrecognized)
    }

    /// The anonymous sets of the rule's lookups, in order.
    var anonymousSets: [AnonymousSet] {
        expressions.compactMap { expression in
            guard case .lookup(let lookup) = expression, case .anonymous(let set) = lookup.set else { return nil }
            return set
        }
    }

    /// Replaces lookups by name with the sets themselves.
    mutating func inline(_ sets: [String: AnonymousSet]) {
        expressions = expressions.map { expression in
            guard case .lookup(var lookup) = expression, case .named(let name) = lookup.set, let set = sets[name]
            else { return expression }
            lookup.set = .anonymous(set)
            return .lookup(lookup)
        }
    }

    /// The names of the sets that the rule looks up, other than before a limit.
    var decisiveSets: [String] {
        expressions.indices.compactMap { index in
            guard case .lookup(let lookup) = expressions[index], case .named(let name) = lookup.set else { return nil }
            return switch expressions[(index + 1)...].first(where: { $0 != .counter }) {
            case .limit?, .connectionCount?: nil
            default: name
            }
        }
    }

    /// The names of the sets that the rule looks up.
    var lookedUp: [String] {
        expressions.compactMap { expression in
            guard case .lookup(let lookup) = expression, case .named(let name) = lookup.set else { return nil }
            return name
        }
    }
}

extension [Expression] {
    /// The elements of `NFTA_RULE_EXPRESSIONS`; `nil` if they refer to sets, since the encoding then depends on the
    /// batch.
    fileprivate var encodedElements: [UInt8]? {
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
