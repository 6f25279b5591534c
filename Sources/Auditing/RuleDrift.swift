internal import Rulesets

/// The differences between the rules of a live chain and the expected ones.
struct RuleDrift {
    /// One difference.
    enum Change {
        case missing(Rule)
        case extra(Rule)
        case changed(from: Rule, to: Rule)
        case moved(Rule)
        case comment(from: Rule, to: Rule)

        /// The expected rule, or the live one if it is extra.
        var rule: Rule {
            switch self {
            case .missing(let rule), .extra(let rule), .moved(let rule): rule
            case .changed(let rule, _), .comment(let rule, _): rule
            }
        }

        var severity: Finding.Severity {
            if case .comment = self { return .notice }
            return .error
        }

        /// The live rule, or the expected one if that is missing, and the kind of difference.
        var details: Finding.Details {
            switch self {
            case .missing(let rule): .init(rule: "\(rule)", aspect: "missing")
            case .extra(let rule): .init(rule: "\(rule)", aspect: "extra")
            case .changed(_, let live): .init(rule: "\(live)", aspect: "changed")
            case .moved(let rule): .init(rule: "\(rule)", aspect: "moved")
            case .comment(_, let live): .init(rule: "\(live)", aspect: "comment")
            }
        }

        func message(in chain: String) -> String {
            switch self {
            case .missing(let rule): "chain \"\(chain)\" lacks the rule `\(rule)`"
            case .extra(let rule): "chain \"\(chain)\" has a rule that is not in the policy: `\(rule)`"
            case .changed(let expected, let live):
                "chain \"\(chain)\" has the rule `\(live)`, not `\(expected)`"
            case .moved(let rule): "the rule `\(rule)` of chain \"\(chain)\" is not in its place: order matters"
            case .comment(let expected, let live):
                "a comment in chain \"\(chain)\" is \"\(live.comment ?? "")\", not \"\(expected.comment ?? "")\""
            }
        }
    }

    /// The differences, in the order of the expected rules.
    let changes: [Change]

    init(expected: [Rule], live: [Rule]) {
        let alignment = RuleAlignment(from: live, to: expected)
        var extra = alignment.deleted
        var changes: [(place: Int, change: Change)] = []
        var unmatched: [(index: Int, successor: Int?)] = []
        for missing in alignment.added {
            let rule = expected[missing.index]
            if let index = extra.firstIndex(where: { live[$0] == rule }) {
                changes.append((missing.index, .moved(rule)))
                extra.remove(at: index)
            } else if let index = extra.firstIndex(where: { live[$0].doesTheSame(as: rule) }) {
                changes.append((missing.index, .comment(from: rule, to: live[extra.remove(at: index)])))
            } else {
                unmatched.append(missing)
            }
        }
        for missing in unmatched {
            let rule = expected[missing.index]
            // A live rule in the place of the expected one is that rule, changed.
            if let index = extra.lastIndex(where: { $0 + 1 == missing.successor ?? live.count }) {
                changes.append((missing.index, .changed(from: rule, to: live[extra.remove(at: index)])))
            } else {
                changes.append((missing.index, .missing(rule)))
            }
        }
        self.changes =
            changes.sorted { $0.place < $1.place }.map(\.change) + extra.map { .extra(live[$0]) }
    }
}
