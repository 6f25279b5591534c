public import Addressing

/// A conntrack entry: a connection of this host, or one that it forwards.
public struct TrackedConnection: Hashable, Sendable {
    /// The endpoints in the packets of one direction.
    public struct Direction: Hashable, Sendable {
        /// The source.
        public var source: Endpoint
        /// The destination.
        public var destination: Endpoint

        /// A direction of these endpoints.
        public init(from source: Endpoint, to destination: Endpoint) {
            self.source = source
            self.destination = destination
        }
    }

    /// The protocol.
    public var transport: TransportProtocol
    /// The original direction, as in the first packet, before any translation.
    public var original: Direction
    /// The reply direction, before any translation: the mirror of `original` if no address is translated.
    public var reply: Direction
    /// Whether packets pass as established: both ends have sent packets, and, for TCP, not both have closed.
    public var isEstablished: Bool
    /// Whether it is a TCP connection that neither end has begun to close.
    public var isOpen = false
    /// Whether the destination was translated: `IPS_DST_NAT` of `linux/netfilter/nf_conntrack_common.h`.
    public var isRedirected: Bool
    /// Whether conntrack picked the connection up in the middle: `original` is the next packet's direction then.
    public var isPickedUp: Bool
    /// The labels in memory order; empty if none was ever set.
    public var labels: [UInt8] = []
    /// The start in seconds since 1970-01-01T00:00:00Z; `nil` unless the sysctl `nf_conntrack_timestamp` is set.
    public var start: Int64?
    /// The netlink attributes that identify this entry to the kernel.
    public var identity: [UInt8]

    /// A connection of these parts.
    public init(
        transport: TransportProtocol, original: Direction, reply: Direction, isEstablished: Bool = true,
        isRedirected: Bool = false, isPickedUp: Bool = false, start: Int64? = nil, identity: [UInt8] = []
    ) {
        self.transport = transport
        self.original = original
        self.reply = reply
        self.isEstablished = isEstablished
        self.isRedirected = isRedirected
        self.isPickedUp = isPickedUp
        self.start = start
        self.identity = identity
    }
    /// What tells it from the other entries of its time: the protocol and both directions.
    public struct Directions: Hashable, Sendable {
        let transport: TransportProtocol
        let original: Direction
        let reply: Direction
    }

    /// The protocol and both directions.
    public var directions: Directions { Directions(transport: transport, original: original, reply: reply) }
}
