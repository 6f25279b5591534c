public import Addressing

/// A connection that somebody else made to this host, or through one of its ports to a container.
public struct Session: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// Who made it.
    public var client: Endpoint
    /// What the client dialled.
    public var dialled: Endpoint
    /// Where it arrives: other than what was dialled where a table translates the destination.
    public var server: Endpoint
    /// The other end as the server sees it: other than the client where a table translates the source.
    public var peer: Endpoint
    /// Whether it goes through this host to another one, such as a container.
    public var isForwarded: Bool
    /// The socket of this host that it ends in; `nil` for what is forwarded or has no socket of its own.
    public var socket: EstablishedConnection?
    /// What conntrack knows of it; `nil` where it knows nothing.
    public var tracked: TrackedConnection?
    /// The interface that it came in by, as far as that is known.
    public var interface: String?
    /// Who holds the socket.
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

    /// What it is the same session by, as long as it lasts.
    public var ends: [Endpoint] { [client, dialled, server] }

    /// The port that the policy decides by: what the client dialled for forwarded ones, where it arrives for others.
    public var port: UInt16 { isForwarded ? dialled.port : server.port }

    /// The family of its addresses.
    public var family: AddressFamily { client.address.family }
}

extension Listener.Address {
    /// The family.
    public var family: AddressFamily {
        switch self {
        case .ipv4: .ipv4
        case .ipv6: .ipv6
        }
    }

    /// The number that the address spells, most significant octet first.
    public var value: UInt128 {
        switch self {
        case .ipv4(let value): UInt128(value)
        case .ipv6(let value): value
        }
    }
}
