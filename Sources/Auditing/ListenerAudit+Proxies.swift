internal import Addressing
internal import Listeners
internal import Reachability

extension ListenerAudit {
    /// Programs with which container engines hold the ports that they publish.
    private static let proxies: Set<String> = [
        "conmon", "docker-proxy", "pasta", "pasta.avx2", "rootlesskit", "rootlesskit-docker-proxy", "rootlessport",
        "slirp4netns",
    ]

    /// Whether an engine holds the socket for an undeclared port that another table publishes.
    ///
    /// The proxies for IPv4 and IPv6 and the rule that publishes the port are one fact, which the rule's finding reports.
    func isProxy(_ listener: Listener) -> Bool {
        guard !listener.processes.isEmpty, listener.processes.allSatisfy({ Self.proxies.contains($0.program) }) else {
            return false
        }
        return publishedPorts.contains { $0.transport == listener.transport && $0.ports.contains(listener.port) }
    }

    /// The sockets that engines hold for a published range of ports.
    func proxies(on transport: TransportProtocol, _ ports: ClosedRange<UInt16>) -> [Listener] {
        listeners.on(transport, ports).filter { !$0.isLoopbackOnly && isProxy($0) }
    }
}

extension SocketProcess {
    /// The last component of the executable's path.
    fileprivate var program: String { executable?.split(separator: "/").last.map(String.init) ?? name }
}
