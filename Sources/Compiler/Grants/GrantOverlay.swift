internal import Addressing
internal import Rulesets

/// A table that sets and rules for grants are put into.
struct GrantOverlay {
    private let base: Table
    private var chains: [String: Chain]
    private var sets: [String: NamedSet]

    init(_ table: Table) {
        base = table
        chains = Dictionary(uniqueKeysWithValues: table.chains.map { ($0.name, $0) })
        sets = Dictionary(uniqueKeysWithValues: table.sets.map { ($0.name, $0) })
    }

    /// The table as it has become.
    var table: Table {
        Table(
            name: base.name, flags: base.flags, userdata: base.userdata, chains: Array(chains.values),
            sets: Array(sets.values), objects: base.objects)
    }

    /// Lets the elements in where the service's sources are compared: behind its expiry and its interfaces, before its
    /// limit and its log.
    mutating func put(_ place: GrantPlace, _ elements: [SetElement]) {
        sets[place.name] = place.set(elements)
        let names = [Names.sources(place.service), Names.service(place.service)]
        guard let name = names.first(where: { chains[$0] != nil }), var chain = chains[name],
            !chain.rules.contains(where: { $0.expressions.starts(with: place.match) })
        else { return }
        // IPv4 comes first, whichever came first in time.
        let later = GrantPlace(service: place.service, family: .ipv6).match
        let successor =
            chain.rules.firstIndex { $0.expressions.starts(with: later) } ?? chain.rules.lastIndex(of: Rule.refuse)
        chain.rules.insert(rule(place), at: successor ?? chain.rules.endIndex)
        chains[name] = chain
    }

    private mutating func rule(_ place: GrantPlace) -> Rule {
        let admission = Names.admit(place.service)
        guard chains[admission] != nil else {
            return Rule(place.match + [.counter, .verdict(.accept)], comment: Self.comment)
        }
        admit(place.family, to: place.service)
        return Rule(place.match + [.verdict(.goto(admission))])
    }

    private static let comment = "granted for a time"

    /// Has the chain that limits and logs do for a family what it does for the other, where no source of the policy is of
    /// that family.
    private mutating func admit(_ family: AddressFamily, to service: String) {
        let (wanted, other) = (Match.family(family), Match.family(family.other))
        guard var chain = chains[Names.admit(service)],
            !chain.rules.contains(where: { $0.expressions.starts(with: wanted) })
        else { return }
        chain.rules = chain.rules.flatMap { rule -> [Rule] in
            guard rule.expressions.starts(with: other) else { return [rule] }
            var copy = rule
            copy.expressions = wanted + translate(rule.expressions.dropFirst(other.count), to: family)
            // IPv4 comes first, as the compiler has it.
            return family == .ipv4 ? [copy, rule] : [rule, copy]
        }
        chains[chain.name] = chain
    }

    /// What follows the match of a family, for another one, with a limiter of its own.
    private mutating func translate(
        _ expressions: ArraySlice<Expression>, to family: AddressFamily
    ) -> [Expression] {
        expressions.map { expression in
            if expression == Match.sourceLoad(family.other) { return Match.sourceLoad(family) }
            guard case .dynamicSet(var limiter) = expression, let set = sets[limiter.set],
                limiter.set.hasSuffix("-\(family.other)")
            else { return expression }
            limiter.set = limiter.set.dropLast("-\(family.other)".count) + "-\(family)"
            sets[limiter.set] = NamedSet(
                name: limiter.set,
                definition: .limiter(family, size: set.definition.size ?? 0, timeout: set.definition.timeout ?? 0),
                elements: set.definition.noElements)
            return .dynamicSet(limiter)
        }
    }
}

extension AddressFamily {
    /// The other one.
    fileprivate var other: AddressFamily { self == .ipv4 ? .ipv6 : .ipv4 }
}
