public import Addressing

/// The connections of a host: its sockets and its conntrack entries, which only together show who opened each.
public struct SessionList: Sendable {
    /// The TCP sockets.
    public var sockets: [EstablishedConnection]
    /// The conntrack entries.
    public var tracked: [TrackedConnection]
    /// The TCP ports with a listener.
    public var listeningPorts: Set<UInt16>
    /// The addresses of this host.
    public var addresses: Set<IPAddress>
    /// The open TCP connections to this host without a socket, such as forged entries of conntrack, where they were looked for.
    public var unheld: Set<TrackedConnection> = []
    /// The reason why conntrack could not be read; `nil` if it was read.
    public var doubt: String?

    /// A list of these parts.
    public init(
        sockets: [EstablishedConnection] = [], tracked: [TrackedConnection] = [], listeningPorts: Set<UInt16> = [],
        addresses: Set<IPAddress> = [], doubt: String? = nil
    ) {
        self.sockets = sockets
        self.tracked = tracked
        self.listeningPorts = listeningPorts
        self.addresses = addresses
        self.doubt = doubt
    }

    /// The sessions of other hosts with this host and through it, without connections of this host to itself.
    ///
    /// Conntrack shows who opened a connection. For a TCP connection that conntrack does not track, or picked up in the
    /// middle, the other end is the client if a socket listens on the local port.
    public var sessions: [Session] {
        var ends = Dictionary(sockets.map { (SocketEnds($0.local, $0.remote), $0) }) { first, _ in first }
        // A connection of this host to itself has a socket at each end.
        ends = ends.filter { ends[SocketEnds($0.key.remote, $0.key.local)] == nil }
        var explained: Set<SocketEnds> = []
        var sessions: [Session] = []
        for connection in tracked where !addresses.contains(connection.original.source.address) {
            guard let session = inbound(connection, ends) else { continue }
            if let socket = session.socket { explained.insert(SocketEnds(socket.local, socket.remote)) }
            sessions.append(session)
        }
        for connection in tracked where addresses.contains(connection.original.source.address) {
            // Outbound, or picked up by conntrack with a packet of this host.
            let own = SocketEnds(connection.original.source, connection.original.destination)
            guard let socket = ends[own], !explained.contains(own) else { continue }
            explained.insert(own)
            guard connection.isPickedUp, listeningPorts.contains(socket.local.port) else { continue }
            sessions.append(Session(socket, connection))
        }
        let untracked = ends.filter { !explained.contains($0.key) && listeningPorts.contains($0.key.local.port) }
        return sessions + untracked.values.map { Session($0, nil) }
    }

    /// The session of a connection that another host opened.
    private func inbound(_ connection: TrackedConnection, _ ends: [SocketEnds: EstablishedConnection]) -> Session? {
        let socket =
            connection.transport == .tcp ? ends[SocketEnds(connection.reply.source, connection.reply.destination)] : nil
        let isOwn = socket != nil || addresses.contains(connection.reply.source.address)
        let isUnheld = unheld.contains(connection)
        let isAlive =
            connection.transport == .tcp && isOwn ? socket != nil || isUnheld : connection.isEstablished
        guard isAlive, isOwn || connection.isRedirected else { return nil }
        if let socket, connection.isPickedUp, !listeningPorts.contains(socket.local.port) { return nil }
        var session = Session(
            transport: connection.transport, client: connection.original.source,
            dialled: connection.original.destination, server: connection.reply.source,
            peer: connection.reply.destination, isForwarded: !isOwn, socket: socket, tracked: connection)
        session.isUnheld = isUnheld
        session.isDialledHere = addresses.contains(connection.original.destination.address)
        return session
    }

    /// The open TCP connections from other hosts to this one, not redirected, that have no socket in the list.
    public var withoutSocket: Set<TrackedConnection> {
        let held = HeldEnds(sockets, on: addresses)
        return Set(
            tracked.lazy.filter { connection in
                connection.isOpen && !connection.isRedirected
                    && !addresses.contains(connection.original.source.address) && held.lackEnd(of: connection)
            })
    }
}

extension Session {
    /// The session of a socket whose client is the other end.
    fileprivate init(_ socket: EstablishedConnection, _ tracked: TrackedConnection?) {
        self.init(
            transport: .tcp, client: socket.remote, dialled: socket.local, server: socket.local, peer: socket.remote,
            socket: socket, tracked: tracked)
    }
}
