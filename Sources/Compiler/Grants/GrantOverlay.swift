internal import Addressing
internal import Rulesets

/// Adds the sets and rules of grants to a table.
struct GrantOverlay {
    private let base: Table
    private var chains: [String: Chain]
    private var sets: [String: NamedSet]

    init(_ table: Table) {
        base = table
        chains = Dictionary(uniqueKeysWithValues: table.chains.map { ($0.name, $0) })
        sets = Dictionary(uniqueKeysWithValues: table.sets.map { ($0.name, $0) })
    }

    /// The resulting table.
    var table: Table {
        Table(
            name: base.name, flags: base.flags, userdata: base.userdata, chains: Array(chains.values),
            sets: Array(sets.values), objects: base.objects)
    }

    /// Adds the set with these elements, and its rule beside the rules for the service's sources: after expiry and
    /// interfaces, before limit and log.
    mutating func put(_ grants: GrantSet, _ elements: [SetElement]) {
        sets[grants.name] = grants.set(elements)
        let names = [Names.sources(grants.service), Names.service(grants.service)]
        guard let name = names.first(where: { chains[$0] != nil }), var chain = chains[name],
            !chain.rules.contains(where: { $0.expressions.starts(with: grants.match) })
        else { return }
        // IPv4 comes first, whichever was added first.
        let later = GrantSet(service: grants.service, family: .ipv6).match
        let successor =
            chain.rules.firstIndex { $0.expressions.starts(with: later) }
            ?? chain.rules.lastIndex { [Rule.refuse, .refuseRest].contains($0) }
        chain.rules.insert(rule(grants, in: chain), at: successor ?? chain.rules.endIndex)
        chains[name] = chain
    }

    private mutating func rule(_ grants: GrantSet, in chain: Chain) -> Rule {
        // The entries of `allow` come first, each with its own limit; a grant has none.
        if chain.rules.contains(.refuseRest) {
            let log = grants.log(to: base.logGroup)
            return Rule(grants.match + log + [.counter, .verdict(.accept)], comment: Self.comment)
        }
        let admission = Names.admit(grants.service)
        guard chains[admission] != nil else {
            return Rule(grants.match + [.counter, .verdict(.accept)], comment: Self.comment)
        }
        admit(grants.family, to: grants.service)
        return Rule(grants.match + [.verdict(.goto(admission))])
    }

    private static let comment = "granted for a time"

    /// Adds rules for a family to the chain that limits and logs, if the policy has no source of that family.
    private mutating func admit(_ family: AddressFamily, to service: String) {
        let wanted = Match.family(family)
        let other = Match.family(family.other)
        guard var chain = chains[Names.admit(service)],
            !chain.rules.contains(where: { $0.expressions.starts(with: wanted) })
        else { return }
        chain.rules = chain.rules.flatMap { rule -> [Rule] in
            guard rule.expressions.starts(with: other) else { return [rule] }
            var copy = rule
            copy.expressions = wanted + translate(rule.expressions.dropFirst(other.count), to: family)
            // IPv4 comes first, as in the compiler's rules.
            return family == .ipv4 ? [copy, rule] : [rule, copy]
        }
        chains[chain.name] = chain
    }

    /// The expressions after the match of a family, translated to the other family and its own sets.
    private mutating func translate(
        _ expressions: ArraySlice<Expression>, to family: AddressFamily
    ) -> [Expression] {
        expressions.flatMap { expression -> [Expression] in
            if expression == Match.sourceLoad(family.other) { return Match.sourceKey(family) }
            if case .bitwise = expression { return [] }
            if case .dynamicSet(var update) = expression, let set = sets[update.set] {
                update.set = Self.renamed(update.set, family)
                sets[update.set] = NamedSet(
                    name: update.set,
                    definition: .limiter(
                        family, size: set.definition.size ?? 0, timeout: set.definition.timeout),
                    elements: set.definition.noElements)
                return [.dynamicSet(update)]
            }
            guard case .lookup(var lookup) = expression, case .named(let name) = lookup.set else { return [expression] }
            lookup.set = .named(Self.renamed(name, family))
            return [.lookup(lookup)]
        }
    }

    /// The name of the same set for the family.
    private static func renamed(_ set: String, _ family: AddressFamily) -> String {
        set.hasSuffix("-\(family.other)") ? set.dropLast("-\(family.other)".count) + "-\(family)" : set
    }
}

extension AddressFamily {
    /// The other family.
    fileprivate var other: AddressFamily { self == .ipv4 ? .ipv6 : .ipv4 }
}
