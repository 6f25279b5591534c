public import Addressing

/// A socket of this host that has a peer.
public struct ConnectedSocket: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// Both ends, the owner's cgroup, and what identifies the socket.
    public var ends: EstablishedConnection
    /// The state of the socket.
    public var state: ConnectionState
    /// The bytes of data, where the kernel counts them for each socket.
    public var bytes: ByteCount?

    /// A socket of these parts.
    public init(
        _ transport: TransportProtocol, _ ends: EstablishedConnection, _ state: ConnectionState, bytes: ByteCount? = nil
    ) {
        self.transport = transport
        self.ends = ends
        self.state = state
        self.bytes = bytes
    }
}

/// A conntrack entry with what changes as long as it lasts.
public struct TrackedFlow: Sendable {
    /// The entry.
    public var connection: TrackedConnection
    /// Its state; `nil` for a connection that is over.
    public var state: ConnectionState?
    /// The bytes of packets with their headers, as the end that did not begin it received and sent them; `nil` unless the
    /// sysctl `nf_conntrack_acct` is set.
    public var bytes: ByteCount?

    /// An entry of these parts.
    public init(_ connection: TrackedConnection, state: ConnectionState? = .established, bytes: ByteCount? = nil) {
        self.connection = connection
        self.state = state
        self.bytes = bytes
    }
}
