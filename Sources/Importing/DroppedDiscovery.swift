internal import Addressing
internal import Reachability
internal import Rulesets

/// Neighbour discovery that the live rulesets drop, and that portreeve lets in on every host: RFC 4861 7.2.
///
/// Without it, nobody new on a link reaches this host over IPv6, whatever its services are open to.
struct DroppedDiscovery {
    /// The difference: wider; none if a service is reached, or if that is not known.
    private(set) var differences: [ImportDifference] = []

    /// More services than these are not tried.
    private static let mostServices = 64

    /// Tries a client of each service of a draft, until one does not find this host.
    ///
    /// - Parameters:
    ///   - draft: the draft.
    ///   - old: the live tables.
    ///   - new: portreeve's table and the remaining ones.
    ///   - circumstances: the circumstances in which packets meet the tables.
    init(_ draft: PolicyDraft, from old: [Table], to new: [Table], in circumstances: Circumstances) {
        for service in draft.services.filter({ $0.targets == nil }).prefix(Self.mostServices) {
            guard let (transport, ports) = service.ports.first(where: { $0.key.hasPorts }),
                let port = ports.ranges.first?.lowerBound
            else { continue }
            for var packet in service.entries.flatMap({ Self.packets(of: $0, in: circumstances) }) {
                (packet.transport, packet.port) = (transport, port)
                func obstacle(_ tables: [Table]) -> ExchangeObstacle? {
                    ExchangeObstacle(behind: packet, through: tables, in: circumstances)
                }
                guard let before = obstacle(old), before.effect == .unresolved, obstacle(new) == nil else { continue }
                var difference = ImportDifference.discovery
                difference.rule = before.place
                differences = [difference]
                return
            }
        }
    }

    /// A packet from a client on the link of each interface by which it is let in, to this host's address there.
    private static func packets(of access: InterfaceAccess, in circumstances: Circumstances) -> [Packet] {
        let names = access.interfaces.isEmpty ? circumstances.routes?.outerInterfaces.sorted() ?? [] : access.interfaces
        return names.compactMap { name in
            guard let link = circumstances.routes?.networks(name), let own = circumstances.addresses,
                let address = link.intersection(own).first(.ipv6, of: .all)
            else { return nil }
            let sources = access.sources.part(.ipv6).subtracting(.impossible).subtracting(own).intersection(link)
            guard let client = sources.witness.flatMap({ IPAddress($0) }) else { return nil }
            var packet = Packet(transport: .tcp, port: 0, from: client, interface: name)
            packet.destination = address
            return packet
        }
    }
}

extension ImportDifference {
    /// That portreeve lets in neighbour discovery.
    fileprivate static var discovery: Self {
        var difference = Self(
            kind: .wider, transport: .icmpv6, ports: solicitation, family: .ipv6, sources: .all(.ipv6), interfaces: [],
            destinations: [])
        difference.isNeeded = true
        return difference
    }

    /// The type and the code of a neighbour solicitation: RFC 4861 4.3.
    private static let solicitation: ClosedRange<UInt16> = 135 << 8...135 << 8

    /// Whether it is about neighbour discovery.
    public var isDiscovery: Bool { transport == .icmpv6 && ports == Self.solicitation }
}
