internal import Addressing
internal import Reachability
public import Rulesets

extension LegacyTable {
    /// The name that models of these tables have.
    fileprivate static let modelName = "iptables-legacy"

    /// A table of nf_tables that may do whatever this one may: a claim is unknown where its rules may decide.
    ///
    /// It is `nil` if the table neither drops nor redirects.
    public var model: Table? {
        let chains = refusal + redirection
        guard !chains.isEmpty else { return nil }
        return Table(name: TableName(family: isIPv6 ? .ipv6 : .ipv4, name: Self.modelName), chains: chains)
    }

    /// Matches what may or may not be.
    private static let perhaps = Expression.opaque(name: modelName, attributes: [])

    /// The chains that perhaps drop: at the hooks where packets meet such rules, or at all hooks of the table if these are not
    /// known.
    private var refusal: [Chain] {
        let rule = Rule([Self.perhaps, .verdict(.drop)])
        let passed = hooks.filter { $0 != .output && effects?.refusingHooks.contains($0) != false }
        return passed.map { chain("filter", $0, [rule]) }
    }

    /// The chain that perhaps redirects; replies and connections of this host, which pass other hooks, are not access.
    private var redirection: [Chain] {
        guard effects.map({ $0.redirectingHooks.contains(.prerouting) }) ?? (name == "nat") else { return [] }
        let unwritten = RegisterPair(first: .first, last: .first)
        let away = Expression.translate(
            AddressTranslation(
                .destination, family: UInt32((isIPv6 ? TableFamily.ipv6 : .ipv4).rawValue), addresses: unwritten,
                ports: unwritten))
        let here = Expression.redirect(PortRedirection(ports: unwritten))
        let isHere = effects.map { $0.redirectingHere > 0 } ?? true
        return [
            chain("nat", .prerouting, [Rule([Self.perhaps, away])] + (isHere ? [Rule([Self.perhaps, here])] : []))
        ]
    }

    private func chain(_ type: String, _ hook: Hook, _ rules: [Rule]) -> Chain {
        let destinationNat: Int32 = -100  // NF_IP_PRI_NAT_DST of linux/netfilter_ipv4.h
        let base = BaseChain(
            type: type, hook: hook, priority: type == "nat" ? destinationNat : priority, policy: .accept)
        return Chain(name: "\(name) \(type) \(hook)", base: base, rules: rules)
    }
}

extension Redirection {
    /// Whether it is a guess about `iptables-legacy`.
    var isOfLegacyTable: Bool { rule.table.name == LegacyTable.modelName }
}
