internal import Addressing

/// One end of a connection of this host, or a connection that this host forwards.
public struct LiveConnection: Sendable {
    /// Who began the connection.
    public enum Direction: String, CaseIterable, Sendable {
        /// The other end; the near end is on this host.
        case inbound = "in"
        /// This host.
        case outbound = "out"
        /// Another host, to another host or to a container.
        case forwarded = "forward"
    }

    /// Who began it.
    public var direction: Direction
    /// The endpoints, the socket and the conntrack entry.
    public var session: Session
    /// The state.
    public var state: ConnectionState
    /// The bytes that the near end received and sent; for a forwarded connection the end that did not begin it.
    public var bytes: ByteCount?
    /// Whether the other end is on this host, too.
    public var isWithinHost = false
    /// The datagram sockets without a peer that receive its packets.
    public var receivers: [Listener] = []

    /// A connection of these parts.
    public init(_ direction: Direction, _ session: Session, _ state: ConnectionState, bytes: ByteCount? = nil) {
        self.direction = direction
        self.session = session
        self.state = state
        self.bytes = bytes
    }

    /// The near end: of a forwarded connection the destination that the client dialled.
    public var local: Endpoint {
        switch direction {
        case .inbound: session.server
        case .outbound: session.client
        case .forwarded: session.dialled
        }
    }

    /// The other end: of a forwarded connection the client.
    public var remote: Endpoint { direction == .outbound ? session.dialled : session.client }

    /// Whether a table translates one of its addresses or ports.
    public var isTranslated: Bool { session.dialled != session.server || session.client != session.peer }

    /// Whether no socket of this host belongs to it, though one of its ends is on this host.
    public var isWithoutSocket: Bool { direction != .forwarded && session.socket == nil && receivers.isEmpty }

    /// When it began, in seconds since 1970-01-01T00:00:00Z; `nil` if conntrack does not record that, or did not see it.
    public var since: Int64? { session.tracked.flatMap { $0.isPickedUp ? nil : $0.start } }

    /// The processes that hold its sockets; none if they are not known.
    public var processes: [SocketProcess] {
        guard case .processes(let processes) = session.owners else { return [] }
        return processes
    }

    /// The sockets whose owners can be looked up, as the search for owners takes them.
    public var sockets: [Listener] {
        guard let socket = session.socket else { return receivers.filter { $0.inode != 0 } }
        guard socket.inode != 0 else { return [] }
        return [
            Listener(
                transport: session.transport, address: socket.local.address, port: socket.local.port,
                userID: socket.userID, inode: socket.inode, cgroup: socket.cgroup)
        ]
    }
}
