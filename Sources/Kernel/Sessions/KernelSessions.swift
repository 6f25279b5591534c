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
        list.unheld = try Self.unheld(list)
        return list
    }

    /// The connections without a socket that are there at a second look: sockets were read before conntrack, and a connection may
    /// begin or end meanwhile.
    private static func unheld(_ list: SessionList) throws(KernelError) -> Set<TrackedConnection> {
        let first = list.withoutSocket
        guard !first.isEmpty else { return [] }
        var again = list
        again.tracked = (try? ConntrackTable().connections()) ?? []
        again.sockets = try SocketTable.connections(includingOpening: true)
        return first.intersection(again.withoutSocket)
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
        _ = try SocketTable.destroy(sessions.compactMap(\.socket))
        let forwarded = sessions.filter { $0.isForwarded && $0.transport == .tcp }
        let unfound = try endElsewhere(forwarded)
        let conntrack = try ConntrackTable()
        for tracked in sessions.compactMap(\.tracked) { _ = try conntrack.delete(tracked) }
        return unfound
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
