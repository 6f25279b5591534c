internal import Addressing
public import Listeners
public import Reachability

extension Redirection {
    /// The container to which the rule sends connections; `nil` if it is not known.
    ///
    /// - Parameters:
    ///   - list: reads the containers that engines list, some of them with their addresses.
    ///   - listeners: the sockets on the port: the monitor of a container holds the ports that it publishes.
    /// - Returns: the container, with its name if it is known.
    public func container(in list: () -> ContainerList, heldBy listeners: [Listener]) -> Container? {
        let own = listeners.filter { $0.transport == transport && ports.contains($0.port) }
        return Self.container(at: target, in: list, heldBy: own)
    }

    /// The container with this address, or else the only one whose monitor holds one of the sockets.
    fileprivate static func container(
        at target: IPAddress?, in list: () -> ContainerList, heldBy listeners: [Listener]
    ) -> Container? {
        if let target, let found = list().container(at: target) { return found }
        let holders = listeners.flatMap(\.containers)
        return Set(holders.map(\.id)).count == 1 ? holders.first : nil
    }
}

extension PacketConclusion {
    /// The container to which the connection is redirected; `listeners` are the sockets on the dialled port.
    func container(in list: () -> ContainerList, heldBy listeners: [Listener]) -> Container? {
        isForwarded && redirection != nil ? Redirection.container(at: target, in: list, heldBy: listeners) : nil
    }
}
