internal import CNftnl
internal import Rulesets

/// A rule as it was read: the rule, where it is, and what it has counted.
struct ReceivedRule {
    /// The name of the chain that holds it.
    var chain: String
    /// The rule, with look-ups in anonymous sets still by name.
    var rule: Rule
    /// What the kernel keeps with it.
    var state: RuleState

    /// Reads the attributes of `NFT_MSG_NEWRULE`; `nil` when they have no chain.
    ///
    /// Only a rule in an archive has no handle.
    init?(from attributes: Attributes) {
        guard let chain = attributes.name(NFTA_RULE_CHAIN),
            let list = attributes[NFTA_RULE_EXPRESSIONS] == nil ? [] : attributes.expressions(NFTA_RULE_EXPRESSIONS)
        else { return nil }
        let counted = list.contains(.counter) ? attributes.nest(NFTA_RULE_EXPRESSIONS)?.firstCounter : nil
        self.chain = chain
        rule = Rule(list, userdata: Array(attributes[NFTA_RULE_USERDATA] ?? []))
        rule.unrecognized = attributes.without(Self.known).bytes
        state = RuleState(
            handle: attributes.u64(NFTA_RULE_HANDLE) ?? 0, packets: counted?.packets, bytes: counted?.bytes)
    }

    /// What is read, and what the kernel adds by itself.
    private static var known: [any RawRepresentable<UInt32>] {
        [
            NFTA_RULE_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS, NFTA_RULE_USERDATA, NFTA_RULE_HANDLE,
            NFTA_RULE_POSITION, NFTA_RULE_PAD, NFTA_RULE_ID, NFTA_RULE_POSITION_ID, NFTA_RULE_CHAIN_ID,
        ]
    }
}

extension Attributes {
    /// What the first counter of a list of expressions has counted.
    fileprivate var firstCounter: CounterState? {
        for element in all {
            guard let expression = Attributes(element.payload),
                expression.string(NFTA_EXPR_NAME) == CounterState.kernelName
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
        guard !sets.isEmpty else { return }
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
