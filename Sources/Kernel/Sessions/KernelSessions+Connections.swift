internal import Addressing
public import Listeners
public import System

extension KernelSessions {
    /// All connections of sock_diag and conntrack; if conntrack cannot be read, those of the sockets alone, and the reason.
    ///
    /// The sockets are read first, so that conntrack still knows each of them, though its connection may be over by then.
    public func connections() throws(KernelError) -> ConnectionList {
        let (addresses, broadcasts) = try HostAddresses.withBroadcasts()
        var list = ConnectionList(addresses: addresses, ephemeral: try? EphemeralPorts.ofThisNamespace())
        list.broadcasts = broadcasts
        list.listeners = try SocketTable.listeners()
        (list.sockets, list.waiting) = try SocketTable.connected()
        do throws(KernelError) { list.flows = try ConntrackTable().flows() } catch { list.doubt = "\(error)" }
        list.unheld = try Self.unheld(list.withoutSocket, on: addresses) { () throws(KernelError) in
            try ConntrackTable().flows().map(\.connection)
        }
        return list
    }

    /// The destinations to which few local ports are left.
    public func scarcePorts() throws(KernelError) -> [EphemeralPortUse] {
        var list = ConnectionList(ephemeral: try EphemeralPorts.ofThisNamespace())
        list.listeners = try SocketTable.listeners()
        (list.sockets, list.waiting) = try SocketTable.connected()
        return list.scarcePorts
    }

    /// The connections with the owners of their sockets, found in one search of the processes.
    public func owners(of connections: [LiveConnection]) -> [LiveConnection] {
        let owners = SocketOwners.briefly(of: connections.flatMap(\.sockets))
        return connections.map { connection in
            var connection = connection
            connection.session.owners = Self.union(connection.sockets.compactMap { owners[$0.inode] })
            return connection
        }
    }

    /// The owners of several sockets, of which any may receive the packets.
    private static func union(_ owners: [Owners]) -> Owners {
        if owners.count <= 1 { return owners.first ?? .notAsked }
        let processes = owners.flatMap { owners -> [SocketProcess] in
            if case .processes(let found) = owners { found } else { [] }
        }
        return processes.isEmpty ? owners[0] : .processes(processes.distinct)
    }
}
