public import Addressing

/// A connection from another host to this host, or through one of its ports to a container or another host; or one that this host
/// began.
public struct Session: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// The endpoint that opened the connection.
    public var client: Endpoint
    /// The destination of the client's first packet.
    public var dialled: Endpoint
    /// The endpoint that serves it: differs from `dialled` if a table translates the destination.
    public var server: Endpoint
    /// The client as the server sees it: differs from `client` if a table translates the source.
    public var peer: Endpoint
    /// Whether this host forwards it, for example to a container.
    public var isForwarded: Bool
    /// Whether the client dialled an address of this host: others are not decided by the policy if they are forwarded.
    public var isDialledHere = true
    /// Whether this host began it, so that `client` is this host.
    public var isOutbound = false
    /// Whether conntrack takes it for open and no socket of this host has it, so that its packets pass as established.
    public var isUnheld = false
    /// The socket of this host; `nil` for a forwarded connection, or one without a socket of its own.
    public var socket: EstablishedConnection?
    /// The conntrack entry; `nil` for none.
    public var tracked: TrackedConnection?
    /// The input interface; `nil` if unknown.
    public var interface: String?
    /// The owners of the socket.
    public var owners = Owners.notAsked

    /// A session of these parts.
    public init(
        transport: TransportProtocol, client: Endpoint, dialled: Endpoint, server: Endpoint, peer: Endpoint,
        isForwarded: Bool = false, socket: EstablishedConnection? = nil, tracked: TrackedConnection? = nil
    ) {
        self.transport = transport
        self.client = client
        self.dialled = dialled
        self.server = server
        self.peer = peer
        self.isForwarded = isForwarded
        self.socket = socket
        self.tracked = tracked
        interface = socket?.interface
    }

    /// The endpoints that identify the session as long as it lasts.
    public var ends: [Endpoint] { [client, dialled, server] }

    /// The port that the policy decides on: the dialled port for sessions with other hosts, the server's port for others.
    public var port: UInt16 { isForwarded || isOutbound ? dialled.port : server.port }

    /// The family of its addresses.
    public var family: AddressFamily { client.address.family }
}
