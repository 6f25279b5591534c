internal import Addressing
internal import Reachability
internal import Rulesets

/// Tables in which a packet is refused where the live ones masquerade it, so that both can be compared as access is.
///
/// The interface by which a packet leaves stands in the place of the one by which it arrives. A test that has another meaning
/// there, such as that of the destination, is unknown.
struct MasqueradeView {
    /// The tables.
    let tables: [Table]
    /// The circumstances for them.
    let circumstances: Circumstances

    /// The view of the tables; of one base chain alone, if one is given; without some rules.
    init(
        _ tables: [Table], only chain: TranslationChain? = nil, without rules: Set<ForwardPlan.Place> = [],
        in circumstances: Circumstances
    ) {
        self.tables = tables.compactMap { table in
            guard chain.map({ $0.table == table.name }) ?? true else { return nil }
            return table.removing(rules).masqueradeView(only: chain?.name)
        }
        var own = circumstances
        (own.addresses, own.tellsAddressesApart) = (nil, false)
        self.circumstances = own
    }

    /// The sources that are masqueraded by interface, the same for every protocol and port; `nil` if they differ or are not
    /// known.
    var sources: [InterfaceClass: AddressSet]? {
        let regions = AccessRegions(tables, in: circumstances)
        var found: [InterfaceClass: AddressSet]?
        for transport in [TransportProtocol.tcp, .udp, .unnamed] {
            let profiles = regions.profiles(of: transport)
            guard profiles.count == 1, profiles[0].cells.allSatisfy({ $0.unknown.isEmpty }) else { return nil }
            var refused: [InterfaceClass: AddressSet] = [:]
            for cell in profiles[0].cells {
                let closed = AddressSet.all(cell.family).subtracting(cell.open)
                refused[cell.interface] = (refused[cell.interface] ?? AddressSet()).union(closed)
            }
            guard found == nil || found == refused else { return nil }
            found = refused
        }
        return found
    }
}

extension Table {
    /// The table without some rules.
    fileprivate func removing(_ rules: Set<ForwardPlan.Place>) -> Table {
        guard !rules.isEmpty else { return self }
        return rewriting { chain in
            chain.rules.enumerated().filter { index, rule in
                !rules.contains(
                    ForwardPlan.Place(RuleReference(table: name, chain: chain.name, index: index, rule: rule)))
            }.map(\.element)
        }
    }

    /// The table with its chains that translate sources as filters; `nil` if it has none.
    fileprivate func masqueradeView(only name: String?) -> Table? {
        func isSeen(_ chain: Chain) -> Bool {
            guard let base = chain.base else { return true }
            return base.type == "nat" && base.hook == .postrouting && (name.map { $0 == chain.name } ?? true)
        }
        let seen = chains.filter(isSeen)
        let idle = idleChains
        guard seen.contains(where: { $0.base != nil }) else { return nil }
        return Table(
            name: self.name, flags: flags,
            chains: seen.map { chain in
                var view = chain
                view.base = chain.base.map {
                    BaseChain(type: "filter", hook: .input, priority: $0.priority, policy: .accept)
                }
                // A jump to a chain that does nothing changes nothing, whatever the rule tests.
                view.rules = chain.rules.filter { !isOfNeighbour($0) && !$0.jumps(to: idle) }.map(\.masqueradeView)
                return view
            }, sets: sets, objects: objects)
    }
}

extension Rule {
    fileprivate var masqueradeView: Rule {
        Rule(expressions.map(\.masqueradeView), userdata: userdata)
    }
}

extension Expression {
    /// An expression whose effect is unknown.
    private static let unknown = Expression.opaque(name: "unknown", attributes: [])
    /// Matches of iptables that mean the same where packets leave.
    private static let matches: Set<String> = ["comment", "tcp", "udp", "multiport", "iprange"]

    fileprivate var masqueradeView: Expression {
        switch self {
        case _ where masquerade != nil: masquerade?.ports == nil ? .verdict(.drop) : .unknown
        case .xtables(let part) where part.kind == .target: .unknown
        case .xtables(let part): Self.matches.contains(part.name) ? self : .unknown
        case .meta(.outputInterface, let register): .meta(.inputInterface, into: register)
        case .meta(.outputInterfaceName, let register): .meta(.inputInterfaceName, into: register)
        case .meta(let key, _): [.networkProtocol, .transportProtocol].contains(key) ? self : .unknown
        case .conntrack(let load): [.state, .labels].contains(load.key) ? self : .unknown
        case .payload(let payload): payload.base == .link ? .unknown : self
        case .compare, .range, .bitwise, .byteOrder, .lookup, .immediate, .counter, .log: self
        case .verdict(let verdict): verdict == .drop ? .unknown : self
        default: .unknown
        }
    }
}
