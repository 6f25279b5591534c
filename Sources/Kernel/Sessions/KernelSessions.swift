public import Addressing
public import Listeners
public import System

/// The sessions in sock_diag and conntrack.
public struct KernelSessions: SessionStore {
    /// The sessions of the network namespace of the calling thread.
    public init() {}

    /// The sessions of sock_diag and conntrack; if conntrack cannot be read, those of the sockets alone, and the
    /// reason.
    public func read() throws(KernelError) -> SessionList {
        let listeners = try SocketTable.listeners().filter { $0.transport == .tcp }
        var list = SessionList(
            sockets: try SocketTable.connections(), listeningPorts: Set(listeners.map(\.port)),
            addresses: try HostAddresses.all())
        do throws(KernelError) { list.tracked = try ConntrackTable().connections() } catch { list.doubt = "\(error)" }
        list.unheld = try Self.unheld(list.withoutSocket, on: list.addresses) { () throws(KernelError) in
            try ConntrackTable().connections()
        }
        return list
    }

    /// The connections of `first` that have no socket at a second look either: sockets were read before conntrack, and a connection
    /// may begin or end meanwhile.
    ///
    /// - Parameters:
    ///   - first: the connections without a socket.
    ///   - addresses: the addresses of this host.
    ///   - tracked: reads conntrack again.
    /// - Returns: the connections that are there again; none if conntrack cannot be read.
    /// - Throws: an error in reading the sockets.
    static func unheld(
        _ first: Set<TrackedConnection>, on addresses: Set<IPAddress>,
        _ tracked: () throws(KernelError) -> [TrackedConnection]
    ) throws(KernelError) -> Set<TrackedConnection> {
        guard !first.isEmpty else { return [] }
        let again = ((try? tracked()) ?? []).filter(first.contains)
        let sockets = try SocketTable.connected().sockets.lazy.filter { $0.transport == .tcp }
        return Set(again.filter(HeldEnds(sockets.map(\.ends), on: addresses).lackEnd))
    }

    /// The interface through which packets to an address leave.
    public func interface(to address: IPAddress) -> String? { ReturnRoute.lookUp(address)?.interface }

    /// The sessions with the processes that hold their sockets.
    public func owners(of sessions: [Session]) -> [Session] {
        let owners = SocketOwners.owners(of: sessions.compactMap(\.socket))
        return sessions.map { session in
            var session = session
            session.owners = session.socket.flatMap { owners[$0.inode] } ?? .notAsked
            return session
        }
    }

    /// Closes the sockets first: their resets still reach the client, and no socket is left that could send a packet,
    /// by which conntrack would take the server for the side that began.
    public func end(_ sessions: [Session]) throws(KernelError) -> [Session] {
        for (transport, group) in Dictionary(grouping: sessions, by: \.transport) {
            _ = try SocketTable.destroy(group.compactMap(\.socket), transport: transport)
        }
        let forwarded = sessions.filter { $0.isForwarded && $0.transport == .tcp }
        let unfound = try endElsewhere(forwarded)
        let conntrack = try ConntrackTable()
        for tracked in try conntrack.identified(sessions.compactMap(\.tracked)) { _ = try conntrack.delete(tracked) }
        return unfound.filter(\.mayBeResumed)
    }

    /// Closes the sockets of forwarded sessions in the network namespaces of containers; returns the sessions without
    /// such a socket.
    private func endElsewhere(_ sessions: [Session]) throws(KernelError) -> [Session] {
        var rest = sessions
        guard !rest.isEmpty else { return [] }
        try NetworkNamespace.visitOthers {
            let servers = Dictionary(rest.map { ([$0.server, $0.peer], $0) }) { first, _ in first }
            let found = ((try? SocketTable.connections()) ?? []).filter { servers[[$0.local, $0.remote]] != nil }
            let ended = (try? SocketTable.destroy(found)) ?? []
            rest.removeAll { session in
                ended.contains { [$0.local, $0.remote] == [session.server, session.peer] }
            }
            return !rest.isEmpty
        }
        return rest
    }
}

extension Session {
    /// Whether packets that its server sends after the end may look to the client like those of the session: without an entry in
    /// conntrack they keep the port of the server, and masquerading gives them the address that the client dialled.
    fileprivate var mayBeResumed: Bool { server.port == dialled.port && peer == client }
}
