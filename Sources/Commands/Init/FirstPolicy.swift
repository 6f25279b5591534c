internal import Addressing
internal import Listeners

/// A policy to start from: what listens now, closed until somebody says who may come.
struct FirstPolicy {
    /// The sockets of the host.
    let sockets: HostSockets
    /// Networks that the host has an address in, each with its interface, as a policy writes them.
    let networks: [(interface: String, prefix: String)]
    /// The address from which the person at the terminal is connected by SSH.
    let client: String?

    /// The group that a service is closed with: who is in it gets in whatever a policy says.
    private static let nobody = "this-host"
    /// The group of the person at the terminal.
    private static let client = "ssh-client"

    /// The text of the file.
    var text: String {
        let services = FirstService.all(of: reachable)
        let lines =
            head + sources + ["services:" + (services.isEmpty ? " {}" : "")]
            + services.flatMap { $0.lines(from: $0.isSSH && client != nil ? Self.client : Self.nobody) }
        return (lines + leftOut).joined(separator: "\n") + "\n"
    }

    private var head: [String] {
        [
            "# A first policy, written by portreeve init from what listens on this host. Every service is closed until its",
            "# \"from\" says who may come: \"any\", a group of \"sources\" below, or addresses. Say why, too, and delete what",
            "# should not be open at all. Then: portreeve check, portreeve plan, portreeve apply.",
            "version: 1", "",
        ]
    }

    private var sources: [String] {
        let own =
            client.map { ["  \(Self.client): [\(quoted($0))]   # the address that you are connected from by SSH"] }
            ?? []
        let byInterface = Dictionary(grouping: networks, by: \.interface).sorted { $0.key < $1.key }
        let suggestions = byInterface.map { interface, networks in
            let prefixes = networks.map { quoted($0.prefix) }.joined(separator: ", ")
            return "  # \(groupName(interface)): [\(prefixes)]   # the networks of \(interface)"
        }
        return ["sources:", "  \(Self.nobody): [127.0.0.1, \"::1\"]   # closed to all others"] + own + suggestions + [
            ""
        ]
    }

    /// The sockets that others can reach, without those of clients.
    private var reachable: [Listener] { sockets.listeners.filter { !$0.isLoopbackOnly && !isClient($0) } }

    /// Whether it looks like a client's, which the kernel's own sockets (WireGuard's, for one) are not.
    private func isClient(_ listener: Listener) -> Bool {
        listener.owners != .kernel && [.udp, .udplite].contains(listener.transport)
            && sockets.ephemeral.contains(listener.port...listener.port)
    }

    private var leftOut: [String] {
        let loopback = sockets.listeners.filter(\.isLoopbackOnly).filter { !isClient($0) }
        let clients = sockets.listeners.filter { !$0.isLoopbackOnly && isClient($0) }
        return comment("Reached by this host alone, and so left out:", loopback)
            + comment("Clients' sockets, on ports that the kernel gave them, and so left out:", clients)
    }

    private func comment(_ title: String, _ listeners: [Listener]) -> [String] {
        var seen: Set<String> = []
        let texts = listeners.map { "#   \($0.transport.name)/\($0.port) at \($0.address): \($0.ownerText)" }
        let lines = texts.filter { seen.insert($0).inserted }
        return lines.isEmpty ? [] : ["", "# \(title)"] + lines
    }

    /// An interface's name as that of a group.
    private func groupName(_ interface: String) -> String { "net-" + FirstService.sanitized(interface) }
}

/// A text in the quotes that YAML needs around colons.
private func quoted(_ text: String) -> String { text.contains(":") ? "\"\(text)\"" : text }

extension Listener {
    /// Who holds it, in a few words.
    fileprivate var ownerText: String {
        switch owners {
        case .processes(let processes):
            Set(processes.map { [$0.name, $0.unit].compactMap { $0 }.joined(separator: " of ") }).sorted()
                .joined(separator: ", ")
        case .kernel: "the kernel"
        case .notAsked: "somebody"
        case .unknown(let reason): "somebody, \(reason)"
        }
    }
}
