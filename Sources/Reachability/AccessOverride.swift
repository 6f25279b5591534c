public import Addressing
public import Rulesets

/// Connections that one table accepts and another table refuses or redirects.
public struct AccessOverride: Hashable, Sendable {
    /// The effect of the other table.
    public enum Effect: Hashable, Sendable {
        /// They are dropped or rejected.
        case refused
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
    /// Connections that are forwarded from one bridge of containers to another network, and refused there, are left out:
    /// container engines keep their networks apart.
    public init(of allowed: Table, by others: [Table], in circumstances: Circumstances) {
        let spaces = SourceSpaces()
        let rules = RuleNumbers()
        let interfaces = InterfaceClass.all(in: [allowed] + others, circumstances.routes)
        let transports = TransportProtocol.all(in: [allowed])
        let destinations = DestinationClasses(in: [allowed] + others, of: circumstances.addresses)
        let regions = AccessRegions(
            [allowed], in: circumstances, path: .arriving, transports: transports, interfaces: interfaces,
            destinations: destinations, spaces: spaces, rules: rules)
        let survey = Survey(
            others, circumstances, transports, interfaces, destinations, spaces, rules, keepsRefusals: true)
        let arrivals = Arrivals(circumstances.routes, interfaces)
        var open: [AccessRegions.Key: [AccessRegions.Segment]] = [:]
        for key in survey.keys where key.interface != .loopback {
            open[key] = (regions.segments[key] ?? []).map { arrivals.limit($0, key, spaces[key.family]) }
        }
        let bridges = circumstances.routes?.containerBridges ?? []
        var search = OverrideSearch(spaces: spaces, rules: rules, open: open, bridges: bridges)
        for key in survey.keys where open[key]?.contains(where: { $0.open != spaces[key.family].none }) == true {
            search.add(survey.evaluate(key, .arriving), key)
        }
        self = search.overrides
    }
}

/// Finds the connections that are open in one ruleset and refused, redirected or unknown in another.
private struct OverrideSearch {
    let spaces: SourceSpaces
    let rules: RuleNumbers
    /// The connections that are open in the first ruleset.
    let open: [AccessRegions.Key: [AccessRegions.Segment]]
    let bridges: Set<String>
    private var found: [(key: AccessRegions.Key, override: AccessOverride)] = []
    /// The connections that are certain to be refused.
    private var refused: [AccessRegions.Key: [Piece]] = [:]

    init(
        spaces: SourceSpaces, rules: RuleNumbers, open: [AccessRegions.Key: [AccessRegions.Segment]],
        bridges: Set<String>
    ) {
        self.spaces = spaces
        self.rules = rules
        self.open = open
        self.bridges = bridges
    }

    /// The effects, each with whether it affects all sources.
    var overrides: [AccessOverride] {
        found.map { key, override in
            var override = override
            override.isWhole = override.effect == .refused && isWhole(override, key)
            return override
        }
    }

    mutating func add(_ outcome: RegionEvaluation.Outcome, _ key: AccessRegions.Key) {
        let isOfContainers = key.interface.pattern.map(bridges.contains) == true
        for (piece, place) in outcome.refused where !(isOfContainers && piece.state.isForwarded) {
            if piece.doubts.isEmpty { refused[key, default: []].append(piece) }
            meet(piece, piece.doubts.isEmpty ? .refused : .unknown, piece.doubts.first ?? place, key)
        }
        for (piece, place, state) in outcome.redirected {
            // A redirection that may happen leads to where it leads if it does.
            let effect: AccessOverride.Effect =
                state.isForwarded ? .forwarded : piece.doubts.isEmpty ? .redirected : .unknown
            meet(piece, effect, effect == .unknown ? piece.doubts.first ?? place : place, key)
        }
        for piece in outcome.unknown {
            if let doubt = piece.doubts.last { meet(piece, .unknown, doubt, key) }
        }
    }

    private mutating func meet(
        _ piece: Piece, _ effect: AccessOverride.Effect, _ place: Int, _ key: AccessRegions.Key
    ) {
        let space = spaces[key.family]
        for segment in open[key] ?? [] where segment.open != space.none {
            let sources = space.canonical(space.intersection(piece.sources, segment.open))
            guard sources != space.none else { continue }
            for ports in piece.ports.intersection(IntervalSet(segment.ports)).ranges {
                let override = AccessOverride(
                    effect: effect, place: rules.all[place], transport: key.transport, ports: ports,
                    family: key.family, sources: spaces.addresses(sources, key.family), isWhole: false,
                    interface: key.interface, destination: key.destination)
                found.append((key, override))
            }
        }
    }

    /// Whether no source can connect to these ports on any interface.
    private func isWhole(_ override: AccessOverride, _ key: AccessRegions.Key) -> Bool {
        let space = spaces[key.family]
        let ports = IntervalSet(override.ports)
        return open.allSatisfy { other, segments in
            guard other.family == key.family, other.transport == key.transport else { return true }
            let pieces = (refused[other] ?? []).filter { !$0.ports.intersection(ports).isEmpty }
            return segments.allSatisfy { segment in
                guard segment.open != space.none else { return true }
                let common = ports.intersection(IntervalSet(segment.ports))
                guard !common.isEmpty else { return true }
                let rest = pieces.reduce(segment.open) { rest, piece in
                    common.subtracting(piece.ports).isEmpty ? space.difference(rest, piece.sources) : rest
                }
                return space.canonical(rest) == space.none
            }
        }
    }
}
