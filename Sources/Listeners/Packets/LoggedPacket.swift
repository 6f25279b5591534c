public import Addressing

/// A packet that a ruleset has logged.
public struct LoggedPacket: Hashable, Sendable {
    /// The start of the message, up to the first field of the packet.
    public var prefix: String
    /// The time in seconds since 1970-01-01T00:00:00Z.
    public var time: Int64
    /// The interface that it arrived by; `nil` for a packet of this host.
    public var arrival: String?
    /// The interface that it was about to leave by; `nil` for a packet to this host.
    public var departure: String?
    /// The source.
    public var source: IPAddress
    /// The destination where it was logged, after any translation.
    public var destination: IPAddress
    /// The protocol.
    public var transport: TransportProtocol
    /// The port that it came from; `nil` for a protocol without ports, and for a fragment.
    public var sourcePort: UInt16?
    /// The port that it went to where it was logged.
    public var port: UInt16?
    /// The type of a message of ICMP or ICMPv6.
    public var messageType: UInt8?
    /// Whether it is a segment of TCP that opens no connection, such as the late answer of a server.
    public var isMidway = false
    /// The number of the user of its socket; `nil` for a packet of another host, and if it was not logged.
    public var user: UInt32?
    /// The destination that the client dialled; `nil` if it is not known to differ.
    public var dialled: Endpoint?

    /// A packet of these parts.
    public init(
        prefix: String, time: Int64, from source: IPAddress, to destination: IPAddress, _ transport: TransportProtocol
    ) {
        self.prefix = prefix
        self.time = time
        self.source = source
        self.destination = destination
        self.transport = transport
    }

    /// Where it was going.
    public var direction: LiveConnection.Direction {
        arrival == nil ? .outbound : departure == nil ? .inbound : .forwarded
    }
}
