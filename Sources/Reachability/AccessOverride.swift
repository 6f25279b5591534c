public import Addressing
public import Rulesets

/// Connections that one table accepts and another table refuses or redirects.
public struct AccessOverride: Hashable, Sendable {
    /// The effect of the other table.
    public enum Effect: Hashable, Sendable {
        /// They are dropped or rejected.
        case refused
        /// The replies of this host are dropped or rejected.
        case silenced
        /// The replies of the host to which a forward leads are dropped or rejected.
        case silencedTarget
        /// All replies of this host but the first are dropped or rejected.
        case silencedLater
        /// All packets of the client but the first are dropped or rejected.
        case interrupted
        /// Conntrack does not count the replies to the connections, since it looks for them in another zone.
        case separated
        /// Hosts on the link do not find the hardware address of this host: their requests or its answers, of ARP or of neighbour
        /// discovery, are dropped.
        case unresolved
        /// The requests of this host for the hardware addresses of its clients, or the answers, are dropped: it learns an address from the
        /// client's own request, and may lose it.
        case forgotten
        /// They are redirected to another port of this host.
        case redirected
        /// They are forwarded to another host, such as a container.
        case forwarded
        /// The effect is unknown.
        case unknown
    }

    /// The effect.
    public var effect: Effect
    /// The rule, the policy or the chain with the effect.
    public var place: RuleReference
    /// The protocol.
    public var transport: TransportProtocol
    /// The ports, both ends included.
    public var ports: ClosedRange<UInt16>
    /// The family of the sources.
    public var family: AddressFamily
    /// The affected sources.
    public var sources: AddressSet
    /// Whether all sources that the first table accepts on these ports are affected.
    public var isWhole: Bool
    /// The interfaces.
    public var interface: InterfaceClass
    /// The addresses of this host.
    public var destination: DestinationClass
}

extension [AccessOverride] {
    /// The effects of `others` on the connections that `allowed` accepts, except on `lo`.
    ///
    /// If the routes of the host are known, a source counts only on the interfaces by which the route back to it leaves.
    /// What `allowed` translates meets the others with its new destination.
    /// Connections that are forwarded from one bridge of containers to another network, and refused there, are left out:
    /// container engines keep their networks apart.
    public init(of allowed: Table, by others: [Table], in circumstances: Circumstances) {
        self.init(of: allowed, by: others, in: circumstances, budget: WorkBudget())
    }

    /// The effects, so far as the budget reaches.
    init(of allowed: Table, by others: [Table], in circumstances: Circumstances, budget: WorkBudget) {
        let spaces = SourceSpaces()
        let rules = RuleNumbers()
        let exchange = Exchange(allowed, others)
        let others = others + (allowed.translation.map { [$0] } ?? [])
        let interfaces = InterfaceClass.all(
            in: [allowed] + others, circumstances.routes, includesOutput: exchange.seesReplies || exchange.seesForwarded
        )
        let transports = TransportProtocol.all(in: [allowed])
        let destinations = DestinationClasses(in: [allowed] + others, of: circumstances.addresses)
        let regions = AccessRegions(
            [allowed], in: circumstances, path: .arriving, transports: transports, interfaces: interfaces,
            destinations: destinations, spaces: spaces, rules: rules)
        let survey = Survey(
            others, circumstances, transports, interfaces, destinations, [nil], spaces, rules, keepsRefusals: true,
            budget: budget, beside: [allowed])
        let arrivals = Arrivals(circumstances.routes, interfaces)
        let discovery = LinkDiscovery(survey, countsLinkLocal: false)
        let bridges = circumstances.routes?.containerBridges ?? []
        var search = OverrideSearch(own: allowed.name, spaces: spaces, rules: rules, bridges: bridges)
        for key in survey.keys where key.interface != .loopback {
            let space = spaces[key.family]
            let open = (regions.segments[key]?.all ?? []).map { arrivals.limit($0, key, space) }
                .filter { $0.open != space.none }
            guard !open.isEmpty else { continue }
            let boxes = open.boxes(space)
            let outcome = survey.evaluate(key, .arriving, of: boxes)
            search.add(outcome, key, open)
            for (effect, result) in exchange.results(of: key, outcome, survey) {
                search.add(exchange: result, effect, key, open)
            }
            if let found = discovery?.result(of: key, among: interfaces), !found.isComplete {
                let pieces = outcome.accepted
                search.add(
                    discovery: found.outcome(of: pieces, space), forgotten: found.forgotten(of: pieces, space), key,
                    open)
            }
        }
        self = search.overrides
    }
}

extension [AccessRegions.Segment] {
    /// More boxes than these are one box, with packets that are in none of them.
    private static var mostBoxes: Int { 16 }

    /// Disjoint boxes with the open packets of the segments.
    fileprivate func boxes(_ space: SourceSpace) -> [Box] {
        let groups = Dictionary(grouping: self, by: \.open).sorted { $0.key < $1.key }
        guard groups.count > Self.mostBoxes else {
            return groups.map { Box(ports: IntervalSet($0.value.map(\.ports)), sources: $0.key) }
        }
        return [Box(ports: IntervalSet(map(\.ports)), sources: space.union(of: groups.map(\.key)))]
    }
}
