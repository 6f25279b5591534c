internal import Reachability
internal import Rulesets

/// Rules that translate addresses exactly as an earlier one does, in the same chain or in another base chain of the same hook.
///
/// `iptables-nft` beside a script of nft, or a file that was loaded under two names, leaves such copies. They do nothing while the first
/// one is there, and go with it.
struct TranslationCopies {
    /// The first rule with the same effect, by the place of the copy.
    private(set) var originals: [ForwardPlan.Place: ForwardPlan.Place] = [:]

    /// What copies have in common.
    private struct Effect: Hashable {
        let hook: Hook
        let family: TableFamily
        let text: String
    }

    /// The copies in tables of people, not of programs.
    init(_ tables: [Table]) {
        var first: [Effect: ForwardPlan.Place] = [:]
        // A rule for both families includes that for one.
        let ordered = tables.filter { $0.name.family == .inet } + tables.filter { $0.name.family != .inet }
        for table in ordered where !table.isOfNeighbour {
            for chain in table.withNativeExtensions.chains {
                guard let base = chain.base, base.type == "nat" else { continue }
                for (index, rule) in chain.rules.enumerated() where rule.isPlainTranslation {
                    let place = ForwardPlan.Place(
                        RuleReference(table: table.name, chain: chain.name, index: index, rule: rule))
                    let text = rule.textOfEffect(in: table.name.family)
                    let families = Set([table.name.family, .inet])
                    let known = families.lazy.compactMap {
                        first[Effect(hook: base.hook, family: $0, text: text)]
                    }.first
                    if let known {
                        originals[place] = known
                    } else {
                        first[Effect(hook: base.hook, family: table.name.family, text: text)] = place
                    }
                }
            }
        }
    }

    /// A table with an empty rule in the place of each copy.
    func emptied(_ table: Table) -> Table {
        table.rewriting { chain in
            chain.rules.enumerated().map { index, rule in
                let place = ForwardPlan.Place(
                    RuleReference(table: table.name, chain: chain.name, index: index, rule: rule))
                return originals[place] == nil ? rule : Rule([])
            }
        }
    }

    /// The places with the copies of rules at them.
    func with(_ places: Set<ForwardPlan.Place>) -> Set<ForwardPlan.Place> {
        places.union(originals.filter { places.contains($0.value) }.keys)
    }
}

extension Rule {
    /// Whether it translates, and its text has all that it does.
    fileprivate var isPlainTranslation: Bool {
        guard translationEffect != .none, unrecognized.isEmpty else { return false }
        return expressions.allSatisfy { expression in
            switch expression {
            case .xtables(let part): part.name == "comment"
            case .opaque(let name, _): name == "masq"
            case .lookup(let lookup): if case .anonymous = lookup.set { true } else { false }
            case .verdict, .log, .limit, .dynamicSet: false
            default: true
            }
        }
    }

    /// The rule in nft's notation without its comment and its counters.
    fileprivate func textOfEffect(in family: TableFamily) -> String {
        var rule = self
        rule.userdata = []
        rule.expressions.removeAll { expression in
            if case .xtables(let part) = expression, part.name == "comment" { return true }
            return expression == .counter
        }
        return rule.text(in: family)
    }
}
