internal import Addressing
public import Listeners

extension EphemeralPortUse {
    /// A sentence about the ports that are left.
    public var text: String {
        "\(used) of \(available) local ports of \(group.source) are in use for \(group.transport.name) to \(group.destination): "
            + "connections fail when none is left; widen net.ipv4.ip_local_port_range, or keep connections open"
    }
}

extension [Finding] {
    /// One finding for each destination to which few local ports are left.
    public static func scarcePorts(_ uses: [EphemeralPortUse]) -> [Finding] {
        uses.map { use in
            let destination = use.group.destination
            let port = AuditedPort(use.group.transport, destination.port...destination.port, at: use.group.source)
            return Finding(.localPorts, .warning, use.text, port: port)
                .with(.init(aspect: "\(destination.address)"))
        }
    }
}
