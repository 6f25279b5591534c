internal import Rulesets

extension Table {
    /// The table in which each rule that adds clients to a set says what the set's elements say: a rule without statements of its own
    /// gives new elements those of the set, and old ones keep what they have (`nft_dynset_eval`).
    var withSetStatements: Table {
        let statements = setStatements
        guard statements.contains(where: { !$0.value.isEmpty }) else { return self }
        let chains = chains.map { chain in
            var chain = chain
            chain.rules = chain.rules.map { rule in
                var rule = rule
                rule.expressions = rule.expressions.map { $0.adding(statements) }
                return rule
            }
            return chain
        }
        return Table(
            name: name, flags: flags, userdata: userdata, chains: chains, sets: sets, objects: objects)
    }

    /// By set, what may end a rule that adds to it without statements of its own: those of the set, or else those of other rules.
    private var setStatements: [String: [Expression]] {
        var statements: [String: [Expression]] = [:]
        for rule in chains.flatMap(\.rules) {
            for case .dynamicSet(let update) in rule.expressions where update.operation != .delete {
                // Whether the other rule has added the client is not known.
                let isConditional = update.expressions.contains { $0 != .counter }
                if isConditional { statements[update.set] = [.opaque(name: "dynset", attributes: [])] }
            }
        }
        for set in sets where set.definition.expressions.contains(where: { $0 != .counter }) {
            statements[set.name] = set.definition.expressions
        }
        return statements
    }
}

extension Expression {
    /// The expression, with these statements of the set if it adds to one and has none.
    fileprivate func adding(_ statements: [String: [Expression]]) -> Expression {
        guard case .dynamicSet(var update) = self, update.operation != .delete, update.expressions.isEmpty,
            let added = statements[update.set]
        else { return self }
        update.expressions = added
        return .dynamicSet(update)
    }
}
