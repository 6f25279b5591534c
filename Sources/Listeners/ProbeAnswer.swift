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
    /// An ICMP error such as "administratively prohibited", from the host or on the way: a firewall refuses it.
    case prohibited
    /// An ICMP error that tells nothing about a firewall: the host was not found on its link, or there is no route to it.
    case unreachable(ProbeObstacle)
    /// Nothing came back in time.
    case silence
    /// The probe could not be sent, for this reason.
    case failure(String)
}

/// Where the way to a host ends.
public enum ProbeObstacle: Hashable, Sendable {
    /// On a link of this host, on which no answer came to its question for the address (ARP, or neighbour discovery).
    case link
    /// At another host, which says so: a router, or a firewall that answers like one.
    case router(IPAddress)
}
