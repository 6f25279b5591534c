internal import Addressing
public import Listeners

extension ListenerAudit {
    /// Raw sockets of protocols without ports that no service lists, and whose packets the ruleset refuses: one finding
    /// for all sockets of one owner and protocol.
    var silenced: [Finding] {
        let waiting = raw.filter { $0.waitsForUndeclared(in: services) }
        let groups = Dictionary(grouping: waiting) {
            ListenerKey(transport: $0.transport, port: $0.port, owner: $0.ownerKey)
        }
        return groups.sorted { $0.key < $1.key }.compactMap { key, group in
            guard worst(key.transport, 0...UInt16.max, Set(group.flatMap(\.families)), at: group) == .shielded else {
                return nil
            }
            let message =
                "\(group.ownerText) waits for \(key.transport) packets (\(group[...].addresses)), and the firewall blocks them: "
                + "list \(key.transport) under \"protocols\" of a service, or stop it"
            return Finding(
                .silencedProtocol, .warning, message,
                port: AuditedPort(key.transport, 0...UInt16.max, at: group.first?.address),
                process: group.flatMap(\.processes).first)
        }
    }
}

extension Listener {
    /// `IPPROTO_RAW` of `netinet/in.h`: the socket only sends.
    private static let sendsOnly = TransportProtocol(rawValue: 255)

    /// Whether it is a raw socket that receives packets of a protocol without ports which need a service.
    public var waitsForProtocol: Bool {
        !transport.hasPorts && ![.icmp, .igmp, .icmpv6, Self.sendsOnly].contains(transport) && !isLoopbackOnly
    }

    /// Whether it needs a service, and has none.
    func waitsForUndeclared(in services: ServicePorts) -> Bool {
        waitsForProtocol && services.owner(of: self) == nil
    }
}
