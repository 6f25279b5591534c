internal import Addressing
public import Rulesets

/// What keeps a connection from working although its first packet gets in: rules that drop the packets after it.
public struct ExchangeObstacle: Hashable, Sendable {
    /// What becomes of the later packets.
    public var effect: AccessOverride.Effect
    /// The rule or the policy.
    public var place: RuleReference

    /// The obstacle that the packets after a first one certainly meet; `nil` if there is none, or if it is not known.
    ///
    /// - Parameters:
    ///   - packet: the first packet, which the ruleset lets in on this host.
    ///   - tables: all tables of the ruleset.
    ///   - circumstances: the time, the host's addresses and the assumption about limits.
    public init?(behind packet: Packet, through tables: [Table], in circumstances: Circumstances) {
        let exchange = Exchange(nil, tables)
        guard packet.interface != "lo" else { return nil }
        let (spaces, rules) = (SourceSpaces(), RuleNumbers())
        let dialled = packet.destination.map { number in
            AddressSet(packet.family == .ipv4 ? .ipv4(UInt32(truncatingIfNeeded: number)) : .ipv6(number))
        }
        let key = AccessRegions.Key(
            family: packet.family, transport: packet.transport, interface: .named(packet.interface),
            destination: dialled.map { DestinationClass(addresses: $0, possible: $0) } ?? .all)
        let survey = Survey(
            tables, circumstances, [packet.transport], [key.interface], DestinationClasses(), [nil], spaces, rules,
            keepsRefusals: true)
        let space = spaces[packet.family]
        let box = Box(
            ports: IntervalSet(packet.port...packet.port),
            sources: space.number(IntervalSet(packet.source...packet.source)))
        // A client with another address dials no link-local one.
        let isLinkLocal = packet.family == .ipv6 && packet.source >> 118 == 0xfe80 >> 6
        let discovery = LinkDiscovery(survey, countsLinkLocal: isLinkLocal)
        let sees = packet.transport.hasPorts && exchange.isDecided
        guard discovery != nil || sees else { return nil }
        let first = survey.evaluate(key, .arriving, of: [box])
        let found = discovery?.result(of: key, among: [key.interface]).outcome(of: first.accepted, space)
        let results =
            (found.map { [(.unresolved, $0)] } ?? []) + (sees ? exchange.results(of: key, first, survey) : [])
        for (effect, result) in results where result.accepted.isEmpty && result.unknown.isEmpty {
            guard let (_, place) = result.refused.first, result.refused.allSatisfy({ $0.piece.doubts.isEmpty }) else {
                continue
            }
            self.init(effect: effect, place: rules.all[place])
            return
        }
        return nil
    }

    private init(effect: AccessOverride.Effect, place: RuleReference) { (self.effect, self.place) = (effect, place) }
}
