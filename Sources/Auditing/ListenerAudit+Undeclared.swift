internal import Addressing
internal import Listeners
internal import Policies
internal import Printing

extension ListenerAudit {
    /// Listeners beyond loopback on undeclared ports: one finding for all sockets of one owner on one port.
    var undeclared: [Finding] {
        let strangers = listeners.all.filter { listener in
            !listener.isLoopbackOnly && services.owner(of: listener) == nil && !isTarget(listener)
                && !isProxy(listener)
        }
        let groups = Dictionary(grouping: strangers) {
            ListenerKey(transport: $0.transport, port: $0.port, owner: $0.ownerKey)
        }
        return groups.sorted { $0.key < $1.key }.map { key, group in
            finding(key, group.sorted { $0.address.description < $1.address.description }.map { $0.naming(containers) })
        }
    }

    private func finding(_ key: ListenerKey, _ group: [Listener]) -> Finding {
        let place = AuditedPort(key.transport, key.port...key.port, at: group.first?.address)
        let head = "\(group.ownerText) listens on \(place.text) (\(group.addresses)), which is not in the policy"
        let process = group.flatMap(\.processes).first
        if [.udp, .udplite].contains(key.transport), ephemeral.contains(key.port...key.port) {
            // The socket of a client, such as a resolver: the kernel chose the port, and the client waits for answers.
            return Finding(
                .undeclaredListener, .notice, head + "; the kernel chose the port, so this looks like a client",
                port: place, process: process
            ).with(.init(hasChosenPort: true))
        }
        let advice = ": declare it, bind it to loopback, or stop it"
        return switch worst(key.transport, key.port...key.port, Set(group.flatMap(\.families)), at: group) {
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
    /// The owner without process ids, so that the sockets of several processes of one program are one listener.
    let owner: String

    static func < (first: Self, second: Self) -> Bool {
        (first.transport.rawValue, first.port, first.owner) < (second.transport.rawValue, second.port, second.owner)
    }
}

extension [Listener] {
    /// The owners in words, each once.
    var ownerText: String {
        var seen: Set<String> = []
        let texts = flatMap(\.ownerTexts).filter { seen.insert($0).inserted }
        return texts.listed(atMost: Self.namedOwners, separator: " and ")
    }

    /// At most this many owners are named; the rest are counted.
    private static let namedOwners = 4
}

extension Listener {
    /// The owner without what differs after a restart.
    var ownerKey: String {
        guard case .processes(let processes) = owners else { return ownerTexts.joined() }
        let names = processes.map {
            [$0.executable ?? $0.name, $0.container?.id ?? "", $0.user ?? ""].joined(separator: "|")
        }
        return Set(names).sorted().joined(separator: ", ")
    }

    /// The owners in words.
    fileprivate var ownerTexts: [String] {
        switch owners {
        case .processes(let processes): processes.map(\.text)
        case .kernel: ["the kernel"]
        case .notAsked, .unknown: ["an unknown process"]
        }
    }
}
