internal import Addressing
internal import Reachability
internal import Rulesets

/// Replies of this host that the live rulesets refuse, and that portreeve lets out with every connection that it lets in.
///
/// A filter of what the host sends that does not accept established connections shuts services that its filter of arrivals opens.
struct RefusedReplies {
    /// The differences: wider, one for each range of ports of a service and for each family.
    private(set) var differences: [ImportDifference] = []

    private let old: PreparedTables
    private let new: PreparedTables
    private let circumstances: Circumstances

    /// More services than these are not tried.
    private static let mostServices = 64
    /// A port from which a client connects.
    private static let clientPort: UInt16 = 40_000

    /// The replies of the services of a draft.
    ///
    /// - Parameters:
    ///   - draft: the draft.
    ///   - old: the live tables.
    ///   - new: portreeve's table and the remaining ones.
    ///   - circumstances: the circumstances in which packets meet the tables.
    init(_ draft: PolicyDraft, from old: [Table], to new: [Table], in circumstances: Circumstances) {
        (self.old, self.new, self.circumstances) = (PreparedTables(old), PreparedTables(new), circumstances)
        let sends = old.contains { $0.chains.contains(where: \.filtersOutput) }
        guard sends else { return }
        for service in draft.services.filter({ $0.targets == nil }).prefix(Self.mostServices) {
            for (transport, ports) in service.ports.sorted(by: { $0.key.rawValue < $1.key.rawValue })
            where transport.hasPorts {
                for range in ports.ranges {
                    for entry in service.entries {
                        add(
                            transport, range, entry, service.families, replyPort: Self.clientPort,
                            from: range.lowerBound)
                    }
                }
            }
        }
        let answered: AddressSet =
            switch draft.ping {
            case .accept: .any
            case .drop: AddressSet()
            case .from(let sources, _): sources
            }
        for family in AddressFamily.allCases {
            // The type and the code of the reply: RFC 792, RFC 4443 4.2.
            let port = EchoRequest.port(family)
            add(
                EchoRequest.transport(family), port...port,
                InterfaceAccess(sources: answered.part(family), interfaces: []), [family],
                replyPort: family == .ipv4 ? 0 : 129 << 8, from: nil)
        }
    }

    private mutating func add(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ access: InterfaceAccess,
        _ families: [AddressFamily], replyPort: UInt16, from servicePort: UInt16?
    ) {
        let interface =
            access.interfaces.first?.replacing("*", with: "0") ?? circumstances.routes?.outerInterfaces.first ?? "eth0"
        for family in families {
            guard let sources = access.sources.part(family).possible,
                let client = sources.subtracting(.impossible).witness.flatMap({ IPAddress($0) })
            else { continue }
            var circumstances = circumstances
            circumstances.sourcePort = servicePort ?? circumstances.sourcePort
            var reply = Packet(transport: transport, port: replyPort, from: client, interface: interface)
            (reply.isEstablished, reply.user) = (true, SocketUser.none)
            func conclusion(_ tables: PreparedTables) -> PacketConclusion {
                PacketEvaluation.conclude(reply, through: tables, in: circumstances, path: .leaving)
            }
            let before = conclusion(old)
            guard before.verdict == .refuse, conclusion(new).verdict == .accept else { continue }
            var difference = ImportDifference(
                kind: .wider, transport: transport, ports: ports, family: family, sources: sources,
                interfaces: access.interfaces, destinations: [])
            (difference.subject, difference.rule) = (.replies, before.decision)
            differences.append(difference)
        }
    }
}

extension PolicyDraft.Service {
    /// The families in which clients can dial it: at a multicast address of IPv4, none of IPv6.
    fileprivate var families: [AddressFamily] {
        destinations.isEmpty ? AddressFamily.allCases : AddressFamily.allCases.filter { !destinations.part($0).isEmpty }
    }
}
