public import Addressing

/// A port of another host that is tried from here.
public struct ProbeTarget: Hashable, Sendable {
    /// The protocol: TCP or UDP.
    public let transport: TransportProtocol
    /// The port.
    public let port: UInt16

    /// A port of a protocol.
    public init(_ transport: TransportProtocol, _ port: UInt16) {
        self.transport = transport
        self.port = port
    }
}

/// The answer of a host to a connection by TCP, or to a datagram of UDP.
public enum ProbeAnswer: Hashable, Sendable {
    /// The connection was made, or a datagram came back.
    case open
    /// A reset, or ICMP's port unreachable: nothing listens, or a firewall answers like that.
    case closed
    /// Another ICMP error, such as "administratively prohibited": a firewall or a router refuses it.
    case prohibited
    /// Nothing came back in time.
    case silence
    /// The probe could not be sent, for this reason.
    case failure(String)
}
