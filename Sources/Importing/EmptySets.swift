internal import Reachability
internal import Rulesets

/// Named sets without elements that rules look up which a policy replaces, so that nothing in it stands for these rules.
struct EmptySets {
    /// A sentence about each set.
    let sentences: [String]

    /// The sets of a takeover.
    init(_ takeover: Takeover) {
        sentences = takeover.whole.filter { !$0.isOfNeighbour }.flatMap { table in
            table.sets.filter(\.isEmptyList).compactMap { set in
                let rules = table.replacedRules.filter { $0.rule?.looksUp(set.name) == true }
                return rules.names.map { names in
                    let (verb, they) = rules.count == 1 ? ("matches", "that rule goes") : ("match", "those rules go")
                    return
                        "The set \(set.name) of \(table.name) is empty: \(names) \(verb) nothing today, and this policy has nothing for it. Addresses that a program adds have no effect once \(they)."
                }
            }
        }
    }
}

extension NamedSet {
    /// Whether it has no elements, and no rule adds some.
    fileprivate var isEmptyList: Bool {
        guard !definition.flags.contains(.dynamic), definition.dataType == nil else { return false }
        switch elements {
        case .ranges32(let ranges): return ranges.isEmpty
        case .ranges128(let ranges): return ranges.isEmpty
        case .list(let list): return list.isEmpty
        }
    }
}

extension Rule {
    /// Whether it matches only what a set has.
    fileprivate func looksUp(_ name: String) -> Bool {
        expressions.contains { expression in
            if case .lookup(let lookup) = expression, case .named(name) = lookup.set { return !lookup.isInverted }
            return false
        }
    }
}
