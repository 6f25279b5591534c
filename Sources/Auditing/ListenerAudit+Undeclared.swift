internal import Addressing
internal import Listeners
internal import Policies

extension ListenerAudit {
    /// Listeners beyond loopback on undeclared ports: one finding for all sockets of one owner on one port.
    var undeclared: [Finding] {
        let strangers = listeners.all.filter { !$0.isLoopbackOnly && services.owner($0.transport, $0.port) == nil }
        let groups = Dictionary(grouping: strangers) {
            ListenerKey(transport: $0.transport, port: $0.port, owner: $0.ownerText)
        }
        return groups.sorted { $0.key < $1.key }.map { key, group in finding(key, group) }
    }

    private func finding(_ key: ListenerKey, _ group: [Listener]) -> Finding {
        let place = AuditedPort(key.transport, key.port...key.port, at: group.first?.address)
        let head = "\(key.owner) listens on \(place.text) (\(group.addresses)), which is not in the policy"
        let process = group.flatMap(\.processes).first
        if [.udp, .udplite].contains(key.transport), ephemeral.contains(key.port...key.port) {
            // The socket of a client, such as a resolver: the kernel chose the port, and the client waits for answers.
            return Finding(
                .undeclaredListener, .notice, head + "; the kernel chose the port, so this looks like a client",
                port: place, process: process)
        }
        let advice = ": declare it, bind it to loopback, or stop it"
        return switch worst(key.transport, key.port...key.port, Set(group.flatMap(\.families))) {
        case .reachable:
            Finding(
                .undeclaredListener, .error, head + "; reachable from other hosts" + advice, port: place,
                process: process)
        case .trusted:
            Finding(
                .undeclaredListener, .notice, head + "; reachable only from where \"trusted\" lets everything in",
                port: place, process: process)
        case .shielded:
            Finding(
                .undeclaredListener, .warning, head + "; blocked by the firewall" + advice, port: place,
                process: process)
        case .unknown:
            Finding(
                .undeclaredListener, .error, head + "; possibly reachable from other hosts" + advice,
                port: place, process: process)
        }
    }
}

/// Sockets with equal keys are reported as one listener.
struct ListenerKey: Hashable, Comparable {
    let transport: TransportProtocol
    let port: UInt16
    let owner: String

    static func < (first: Self, second: Self) -> Bool {
        (first.transport.rawValue, first.port, first.owner) < (second.transport.rawValue, second.port, second.owner)
    }
}

extension Listener {
    /// The owner in words.
    var ownerText: String {
        switch owners {
        case .processes(let processes): processes.map(\.text).joined(separator: " and ")
        case .kernel: "the kernel"
        case .notAsked, .unknown: "an unknown process"
        }
    }
}
