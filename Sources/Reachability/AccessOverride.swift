public import Addressing
public import Rulesets

/// What some tables do to connections that others let in.
public struct AccessOverride: Hashable, Sendable {
    /// What is done.
    public enum Effect: Hashable, Sendable {
        /// They are dropped or rejected.
        case refused
        /// They are sent to another port of this host.
        case redirected
        /// They are sent to another host, such as a container.
        case forwarded
        /// It is not known what becomes of them.
        case unknown
    }

    /// What is done.
    public var effect: Effect
    /// Where.
    public var place: RuleReference
    /// The protocol.
    public var transport: TransportProtocol
    /// The ports.
    public var ports: ClosedRange<UInt16>
    /// The family of the sources.
    public var family: AddressFamily
    /// The sources it is done to.
    public var sources: AddressSet
    /// Whether it is done to all that were let in there.
    public var isWhole: Bool
    /// The interfaces.
    public var interface: InterfaceClass
}

extension [AccessOverride] {
    /// What `others` do to the connections that `allowed` lets in; those to `lo` aside.
    public init(of allowed: Table, by others: [Table], in circumstances: Circumstances) {
        let (spaces, places) = (SourceSpaces(), Places())
        let interfaces = InterfaceClass.all(in: [allowed] + others)
        let regions = AccessRegions(
            [allowed], in: circumstances, path: .arriving, interfaces: interfaces, spaces: spaces, places: places)
        let survey = Survey(others, circumstances, interfaces, spaces, places, keepsRefusals: true)
        self = survey.keys.filter { $0.interface != .loopback }.flatMap { key in
            OverrideSearch(key: key, spaces: spaces, places: places, open: regions.segments[key] ?? [])
                .overrides(survey.evaluate(key, .arriving))
        }
    }
}

/// Finds where what one ruleset lets in meets what another one does.
private struct OverrideSearch {
    let key: AccessRegions.Key
    let spaces: SourceSpaces
    let places: Places
    let open: [AccessRegions.Segment]

    func overrides(_ outcome: RegionEvaluation.Outcome) -> [AccessOverride] {
        let refused = outcome.refused.flatMap { piece, place in
            meet(piece, piece.doubts.isEmpty ? .refused : .unknown, piece.doubts.first ?? place)
        }
        let redirected = outcome.redirected.flatMap { piece, place in
            let isLocal = outcome.accepted.allSatisfy { !$0.way.isForwarded || !overlap($0, piece) }
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
                    effect: effect, place: places.all[place], transport: key.transport, ports: ports,
                    family: key.family, sources: spaces.addresses(sources, key.family),
                    isWhole: sources == segment.open, interface: key.interface)
            }
        }
    }
}
