internal import Addressing
internal import Rulesets

extension RuleBounds {
    /// The number of leading loads and comparisons, if they are nothing but the bounds, and nothing behind them reads a register.
    func countExactMatches(_ rule: Rule, in table: TableFamily) -> Int? {
        let count = rule.expressions.firstIndex { !$0.isMatch } ?? rule.expressions.count
        guard rule.expressions[count...].allSatisfy(\.isDecision) else { return nil }
        var known = AddressFamily(table)
        var index = 0
        while index + 1 < count {
            guard let match = ExactMatch(rule.expressions[index], rule.expressions[index + 1], known) else {
                return nil
            }
            known = known ?? match.family
            index += 2
        }
        return index == count ? count : nil
    }
}

/// A load of a whole field, and a comparison of all that was loaded with one value or a range.
private struct ExactMatch {
    /// The family that it matches; `nil` for both.
    private(set) var family: AddressFamily?

    /// `nil` if the expressions are anything else.
    init?(_ load: Expression, _ match: Expression, _ known: AddressFamily?) {
        let (loaded, register): (PacketField?, Register) =
            switch load {
            case .meta(let key, into: let destination): (PacketField(key), destination)
            case .payload(let payload): (PacketField(payload, known), payload.destination)
            default: (nil, .verdict)
            }
        guard let field = loaded, field.kind != .destination else { return nil }
        switch match {
        case .compare(let comparison) where comparison.operator == .equal:
            guard comparison.source == register, comparison.value.count == field.loaded else { return nil }
            if field.kind == .family {
                family = comparison.value.first.flatMap { AddressFamily(TableFamily(rawValue: $0)) }
                if family == nil { return nil }
            }
        case .range(let range) where !range.isInverted && [.source, .port].contains(field.kind):
            let isWhole = range.lower.count == field.loaded && range.upper.count == field.loaded
            guard range.source == register, isWhole else { return nil }
        default: return nil
        }
    }
}

extension Expression {
    /// Whether it loads or compares.
    fileprivate var isMatch: Bool {
        switch self {
        case .meta, .payload, .compare, .range: true
        default: false
        }
    }

    /// Whether it counts, logs or decides.
    fileprivate var isDecision: Bool {
        switch self {
        case .counter, .log, .verdict, .reject: true
        default: false
        }
    }
}
