internal import Addressing
internal import Listeners
internal import Policies

extension ListenerAudit {
    /// Listeners beyond loopback on ports that no service lists: one finding for all sockets of one owner on one port.
    var undeclared: [Finding] {
        let strangers = listeners.all.filter { !$0.isLoopbackOnly && services.owner($0.transport, $0.port) == nil }
        let groups = Dictionary(grouping: strangers) {
            ListenerKey(transport: $0.transport, port: $0.port, owner: $0.ownerText)
        }
        return groups.sorted { $0.key < $1.key }.map { key, group in finding(key, group) }
    }

    private func finding(_ key: ListenerKey, _ group: [Listener]) -> Finding {
        let place = AuditedPort(key.transport, key.port...key.port, at: group.first?.address)
        let head = "\(key.owner) listens on \(place.text) (\(group.addresses)), which no service lists"
        let process = group.flatMap(\.processes).first
        if [.udp, .udplite].contains(key.transport), ephemeral.contains(key.port...key.port) {
            // A resolver's or another client's: the kernel gave it the port, and it waits for answers.
            return Finding(
                .undeclaredListener, .notice, head + "; it looks like a client's, on a port that the kernel gave it",
                port: place, process: process)
        }
        let advice = ": declare it, bind it to loopback, or stop it"
        return switch worst(key.transport, key.port...key.port, Set(group.flatMap(\.families))) {
        case .reachable:
            Finding(
                .undeclaredListener, .error, head + ", and the live ruleset lets others reach it" + advice, port: place,
                process: process)
        case .shielded:
            Finding(
                .undeclaredListener, .warning, head + "; the ruleset stands before it" + advice, port: place,
                process: process)
        case .unknown:
            Finding(
                .undeclaredListener, .error, head + ", and whether others can reach it is not known" + advice,
                port: place, process: process)
        }
    }
}

/// What makes several sockets one listener for a reader.
struct ListenerKey: Hashable, Comparable {
    let transport: TransportProtocol
    let port: UInt16
    let owner: String

    static func < (first: Self, second: Self) -> Bool {
        (first.transport.rawValue, first.port, first.owner) < (second.transport.rawValue, second.port, second.owner)
    }
}

extension Listener {
    /// Who holds it, in words.
    var ownerText: String {
        switch owners {
        case .processes(let processes): processes.map(\.text).joined(separator: " and ")
        case .kernel: "the kernel"
        case .notAsked, .unknown: "somebody unknown"
        }
    }
}
