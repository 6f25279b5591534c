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
}

extension [AccessOverride] {
    /// The effects of `others` on the connections that `allowed` accepts, except on `lo`.
    public init(of allowed: Table, by others: [Table], in circumstances: Circumstances) {
        let spaces = SourceSpaces()
        let rules = RuleNumbers()
        let interfaces = InterfaceClass.all(in: [allowed] + others)
        let regions = AccessRegions(
            [allowed], in: circumstances, path: .arriving, interfaces: interfaces, spaces: spaces, rules: rules)
        let survey = Survey(others, circumstances, interfaces, spaces, rules, keepsRefusals: true)
        self = survey.keys.filter { $0.interface != .loopback }.flatMap { key in
            OverrideSearch(key: key, spaces: spaces, rules: rules, open: regions.segments[key] ?? [])
                .overrides(survey.evaluate(key, .arriving))
        }
    }
}

/// Finds the connections that are open in one ruleset and refused, redirected or unknown in another.
private struct OverrideSearch {
    let key: AccessRegions.Key
    let spaces: SourceSpaces
    let rules: RuleNumbers
    let open: [AccessRegions.Segment]

    func overrides(_ outcome: RegionEvaluation.Outcome) -> [AccessOverride] {
        let refused = outcome.refused.flatMap { piece, place in
            meet(piece, piece.doubts.isEmpty ? .refused : .unknown, piece.doubts.first ?? place)
        }
        let redirected = outcome.redirected.flatMap { piece, place in
            let isLocal = outcome.accepted.allSatisfy { !$0.state.isForwarded || !overlap($0, piece) }
            return meet(
                piece, piece.doubts.isEmpty ? isLocal ? .redirected : .forwarded : .unknown, piece.doubts.first ?? place
            )
        }
        let unknown = outcome.unknown.flatMap { piece in piece.doubts.last.map { meet(piece, .unknown, $0) } ?? [] }
        return refused + redirected + unknown
    }

    private func overlap(_ left: Piece, _ right: Piece) -> Bool {
        !left.ports.intersection(right.ports).isEmpty
    }

    private func meet(_ piece: Piece, _ effect: AccessOverride.Effect, _ place: Int) -> [AccessOverride] {
        let space = spaces[key.family]
        return open.filter { $0.open != space.none }.flatMap { segment -> [AccessOverride] in
            let sources = space.canonical(space.intersection(piece.sources, segment.open))
            guard sources != space.none else { return [] }
            return piece.ports.intersection(IntervalSet(segment.ports)).ranges.map { ports in
                AccessOverride(
                    effect: effect, place: rules.all[place], transport: key.transport, ports: ports,
                    family: key.family, sources: spaces.addresses(sources, key.family),
                    isWhole: sources == segment.open, interface: key.interface)
            }
        }
    }
}
