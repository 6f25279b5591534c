public import Addressing
public import Listeners
public import System

/// The sessions that sock_diag and conntrack know.
public struct KernelSessions: SessionStore {
    /// Those of the network namespace that the calling thread is in.
    public init() {}

    /// What sock_diag and conntrack know; where conntrack cannot be asked, the sockets alone, and why.
    public func read() throws(KernelError) -> SessionList {
        let listeners = try SocketTable.listeners().filter { $0.transport == .tcp }
        var list = SessionList(
            sockets: try SocketTable.connections(), listeningPorts: Set(listeners.map(\.port)),
            addresses: try HostAddresses.all())
        do throws(KernelError) { list.tracked = try ConntrackTable().connections() } catch { list.doubt = "\(error)" }
        return list
    }

    /// The interface that packets to an address leave by.
    public func interface(to address: IPAddress) -> String? { ReturnRoute.lookUp(address)?.interface }

    /// The same sessions with the processes that hold their sockets.
    public func owners(of sessions: [Session]) -> [Session] {
        let owners = SocketOwners.owners(of: sessions.compactMap(\.socket))
        return sessions.map { session in
            var session = session
            session.owners = session.socket.flatMap { owners[$0.inode] } ?? .notAsked
            return session
        }
    }

    /// Ends the sockets first: their reset still finds its way to the client, and nobody is left who could speak and
    /// be taken by conntrack for the one who began.
    public func end(_ sessions: [Session]) throws(KernelError) -> [Session] {
        _ = try SocketTable.destroy(sessions.compactMap(\.socket))
        let forwarded = sessions.filter { $0.isForwarded && $0.transport == .tcp }
        let unfound = try endElsewhere(forwarded)
        let conntrack = try ConntrackTable()
        for tracked in sessions.compactMap(\.tracked) { _ = try conntrack.delete(tracked) }
        return unfound
    }

    /// Ends the sockets that forwarded sessions lead to, in the namespaces of containers; returns the sessions that
    /// lead to none of them.
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
