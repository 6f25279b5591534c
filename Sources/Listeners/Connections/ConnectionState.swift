/// The state of a connection, by the names of ss(8) and conntrack.
public enum ConnectionState: String, Hashable, Sendable, CaseIterable {
    /// Both ends have sent packets.
    case established
    /// One end has sent packets, and the other has not answered; for protocols other than TCP.
    case new
    /// A datagram socket has a peer, and conntrack does not know the connection.
    case connected
    /// The client's SYN was sent.
    case synSent = "syn-sent"
    /// The server answered the SYN, and the handshake is not complete.
    case synReceived = "syn-recv"
    /// This end closed, and its FIN is not acknowledged.
    case finWait1 = "fin-wait-1"
    /// This end closed, and waits for the other one.
    case finWait2 = "fin-wait-2"
    /// One end closed, as conntrack sees it.
    case finWait = "fin-wait"
    /// The other end closed, and this one has not.
    case closeWait = "close-wait"
    /// Both ends closed, the other one first, and the last FIN is not acknowledged.
    case lastAck = "last-ack"
    /// Both ends closed at the same time.
    case closing
}

/// The bytes that one end of a connection received and sent.
public struct ByteCount: Hashable, Sendable {
    /// The bytes that it received.
    public var received: UInt64
    /// The bytes that it sent.
    public var sent: UInt64

    /// A count of these parts.
    public init(received: UInt64, sent: UInt64) {
        self.received = received
        self.sent = sent
    }

    /// The count of the other end.
    public var reversed: ByteCount { ByteCount(received: sent, sent: received) }

    /// The bytes in both directions.
    public var total: UInt64 { received &+ sent }
}
