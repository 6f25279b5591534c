internal import Addressing
internal import Auditing
internal import Listeners
internal import Policies
internal import Printing
internal import System

/// A first policy: one service for each current listener, closed until its sources are filled in.
struct FirstPolicy {
    /// The sockets of the host.
    let sockets: HostSockets
    /// The networks of the host's addresses in the notation of a policy, each with its interface.
    let networks: [(interface: String, prefix: String)]
    /// The user's SSH connection, if a policy can name its client.
    let connection: SSHConnection?

    /// The lines of `outbound`; `nil` for a policy without the section.
    var outbound: [FirstLine]?

    /// The sources of closed services.
    private static let nobody = "nobody   # closed to other hosts"
    /// The source group of the user's address.
    private static let client = "ssh-client"

    /// The text of the file.
    var text: String {
        let services = services
        let lines =
            head + sources + ["services:" + (services.isEmpty ? " {}" : "")]
            + (services.isEmpty ? Self.example : [])
            + services.flatMap { $0.lines(from: isOpen($0) ? Self.client : Self.nobody) }
        return (lines + outboundLines + leftOut).joined(separator: "\n") + "\n"
    }

    private var services: [FirstService] {
        let names = PortNames(files: TrustedFiles())
        return FirstService.all(of: reachable + sockets.raw.filter(\.waitsForProtocol), sshPort: sshPort) {
            names.name($1, $0)
        }
    }

    /// Whether no process listens beyond loopback.
    var isEmpty: Bool { services.isEmpty }

    /// A service in comments, for a host without listeners.
    private static let example = [
        "# No process listens beyond loopback. A service, once \"{}\" above is deleted:",
        "#  ssh:",
        "#    ports: 22/tcp",
        "#    from: [192.0.2.0/24]",
        "#    why: Admin access",
    ]

    /// The services that are open to the client of the user's connection.
    var opened: [FirstService] { services.filter(isOpen) }

    private func isOpen(_ service: FirstService) -> Bool { connection != nil && service.isSSH }

    /// The port that the user's connection has on this host; another host may forward to the standard one.
    private var sshPort: UInt16 {
        guard let port = connection?.server.port,
            reachable.contains(where: { $0.transport == .tcp && $0.port == port })
        else { return FirstService.standardSSHPort }
        return port
    }

    private var head: [String] {
        [
            "# A first policy, written by portreeve init from this host's listeners.",
            "# A service is closed until its \"from\" lists clients: \"any\", a group of",
            "# \"sources\" below, or addresses. Fill in \"why\", and delete services that",
            "# should not be open. Then: portreeve check, portreeve plan, and",
            "# portreeve apply --confirm 2m",
            "version: 1",
        ] + (outbound == nil ? [] : ["defaults:", "  outbound: audit   # then reject, when nothing is missing"]) + [""]
    }

    /// The section `outbound`.
    private var outboundLines: [String] {
        guard let outbound else { return [] }
        return ["", "# What this host connects to now. Programs that run later are missing: see portreeve status."]
            + ["outbound:" + (outbound.isEmpty ? " {}" : "")] + outbound.flatMap(\.lines)
    }

    private var sources: [String] {
        let own =
            connection.map {
                ["  \(Self.client): [\(YAMLText.scalar($0.clientText))]   # your address in this SSH connection"]
            } ?? []
        let byInterface = Dictionary(grouping: networks, by: \.interface).sorted { $0.key < $1.key }
        let suggestions = byInterface.map { interface, networks in
            let prefixes = networks.map { YAMLText.scalar($0.prefix) }.joined(separator: ", ")
            return (group: "\(groupName(interface)): [\(prefixes)]", interface: interface.printable)
        }
        if own.isEmpty {
            if suggestions.isEmpty { return [] }
            // An empty list of sources would be an error, and two lines would have to be uncommented together.
            let groups = suggestions.map(\.group).joined(separator: ", ")
            return ["# The networks of this host; uncomment the next line to use them:", "# sources: {\(groups)}", ""]
        }
        return ["sources:"] + own + suggestions.map { "  # \($0.group)   # the networks of \($0.interface)" } + [""]
    }

    /// The sockets that are not bound to loopback, without those of clients.
    private var reachable: [Listener] { sockets.listeners.filter { !$0.isLoopbackOnly && !isClient($0) } }

    /// Whether the socket looks like a client's; the kernel's own sockets, such as WireGuard's, do not.
    private func isClient(_ listener: Listener) -> Bool {
        listener.owners != .kernel && [.udp, .udplite].contains(listener.transport)
            && sockets.ephemeral.contains(listener.port...listener.port)
    }

    private var leftOut: [String] {
        let loopback = sockets.listeners.filter(\.isLoopbackOnly).filter { !isClient($0) }
        let clients = sockets.listeners.filter { !$0.isLoopbackOnly && isClient($0) }
        return comment("Left out, since only this host can reach them:", loopback)
            + comment("Left out, since they look like clients on ports that the kernel chose:", clients)
    }

    private func comment(_ title: String, _ listeners: [Listener]) -> [String] {
        var seen: Set<String> = []
        let texts = listeners.map { "#   \($0.transport.name)/\($0.port) at \($0.address): \($0.ownerText.printable)" }
        let lines = texts.filter { seen.insert($0).inserted }
        return lines.isEmpty ? [] : ["", "# \(title)"] + lines
    }

    /// The name of the source group of an interface's networks.
    private func groupName(_ interface: String) -> String { "net-" + FirstService.sanitized(interface) }
}

extension Listener {
    /// The owner in a few words.
    fileprivate var ownerText: String {
        switch owners {
        case .processes(let processes):
            Set(processes.map { [$0.name, $0.unit].compactMap { $0 }.joined(separator: " of ") }).sorted()
                .joined(separator: ", ")
        case .kernel: "the kernel"
        case .notAsked: "an unknown process"
        case .unknown(let reason): "an unknown process, \(reason)"
        }
    }
}
