internal import Addressing

/// What a host knows of connections: its sockets and its conntrack, which only together tell who made them.
public struct SessionList: Sendable {
    /// The TCP sockets.
    public var sockets: [EstablishedConnection]
    /// What conntrack follows.
    public var tracked: [TrackedConnection]
    /// The TCP ports on which somebody listens.
    public var listeningPorts: Set<UInt16>
    /// The addresses of this host.
    public var addresses: Set<Listener.Address>
    /// Why conntrack could not be read, if it could not.
    public var doubt: String?

    /// A list of these parts; empty unless given.
    public init(
        sockets: [EstablishedConnection] = [], tracked: [TrackedConnection] = [], listeningPorts: Set<UInt16> = [],
        addresses: Set<Listener.Address> = [], doubt: String? = nil
    ) {
        self.sockets = sockets
        self.tracked = tracked
        self.listeningPorts = listeningPorts
        self.addresses = addresses
        self.doubt = doubt
    }

    /// The sessions that others have with this host and through it; those of this host with itself are left out.
    ///
    /// Who made a connection is conntrack's to say. Where it came in the middle, or does not follow connections, a
    /// TCP connection was made by the other end if somebody listens on its port here.
    public var sessions: [Session] {
        var ends = Dictionary(sockets.map { (Ends($0.local, $0.remote), $0) }) { first, _ in first }
        // A connection of this host with itself has a socket at each end.
        ends = ends.filter { ends[Ends($0.key.remote, $0.key.local)] == nil }
        var explained: Set<Ends> = []
        var sessions: [Session] = []
        for connection in tracked where !addresses.contains(connection.original.source.address) {
            guard let session = inbound(connection, ends) else { continue }
            if let socket = session.socket { explained.insert(Ends(socket.local, socket.remote)) }
            sessions.append(session)
        }
        for connection in tracked where addresses.contains(connection.original.source.address) {
            // Outbound, or picked up when this host spoke first.
            let own = Ends(connection.original.source, connection.original.destination)
            guard let socket = ends[own], !explained.contains(own) else { continue }
            explained.insert(own)
            guard connection.isPickedUp, listeningPorts.contains(socket.local.port) else { continue }
            sessions.append(Session(socket, connection))
        }
        let untracked = ends.filter { !explained.contains($0.key) && listeningPorts.contains($0.key.local.port) }
        return sessions + untracked.values.map { Session($0, nil) }
    }

    /// The session of a connection that another host began.
    private func inbound(_ connection: TrackedConnection, _ ends: [Ends: EstablishedConnection]) -> Session? {
        let socket =
            connection.transport == .tcp ? ends[Ends(connection.reply.source, connection.reply.destination)] : nil
        let isOwn = socket != nil || addresses.contains(connection.reply.source.address)
        let isAlive = connection.transport == .tcp && isOwn ? socket != nil : connection.isEstablished
        guard isAlive, isOwn || connection.isRedirected else { return nil }
        if let socket, connection.isPickedUp, !listeningPorts.contains(socket.local.port) { return nil }
        return Session(
            transport: connection.transport, client: connection.original.source,
            dialled: connection.original.destination, server: connection.reply.source,
            peer: connection.reply.destination, isForwarded: !isOwn, socket: socket, tracked: connection)
    }

    /// Both ends of a socket.
    private struct Ends: Hashable {
        let local: Endpoint
        let remote: Endpoint

        init(_ local: Endpoint, _ remote: Endpoint) { (self.local, self.remote) = (local, remote) }
    }
}

extension Session {
    /// The session that ends in a socket, made by the other end.
    fileprivate init(_ socket: EstablishedConnection, _ tracked: TrackedConnection?) {
        self.init(
            transport: .tcp, client: socket.remote, dialled: socket.local, server: socket.local, peer: socket.remote,
            socket: socket, tracked: tracked)
    }
}
