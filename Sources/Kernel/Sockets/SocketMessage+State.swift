internal import Addressing
internal import CMnl
internal import Glibc
internal import Listeners

extension SocketMessage {
    /// Whether the connection is over, and only its addresses and ports are still taken: TIME_WAIT.
    var isOver: Bool { Int(head.idiag_state) == TCP_TIME_WAIT }

    /// The state of a socket with a peer; `nil` for other sockets.
    func state(_ transport: TransportProtocol) -> ConnectionState? {
        switch Int(head.idiag_state) {
        // Datagram sockets are in the state of an established connection once they have a peer.
        case TCP_ESTABLISHED: [.tcp, .dccp].contains(transport) ? .established : .connected
        case TCP_SYN_SENT: .synSent
        case TCP_SYN_RECV: .synReceived
        case TCP_FIN_WAIT1: .finWait1
        case TCP_FIN_WAIT2: .finWait2
        case TCP_CLOSE_WAIT: .closeWait
        case TCP_LAST_ACK: .lastAck
        case TCP_CLOSING: .closing
        default: nil
        }
    }

    /// The bytes of data that were received and sent; `nil` if they were not asked for.
    var bytes: ByteCount? {
        guard let received = counter(.received), let sent = counter(.sent), let again = counter(.sentAgain) else {
            return nil
        }
        // The end of the peer's data counts as a byte that was received.
        let isEnded = [TCP_CLOSE_WAIT, TCP_LAST_ACK, TCP_CLOSING].contains(Int(head.idiag_state))
        return ByteCount(received: received - (isEnded ? min(1, received) : 0), sent: sent &- again)
    }

    /// Counters of `struct tcp_info` of `linux/tcp.h` (kernel 4.19), by their place behind the rates.
    private enum Counter: Int {
        case received = 1
        case sent = 10
        case sentAgain = 11
    }

    private func counter(_ counter: Counter) -> UInt64? {
        // The struct of the C library ends with `tcpi_total_retrans`; two rates follow.
        guard let last = MemoryLayout<tcp_info>.offset(of: \.tcpi_total_retrans) else { return nil }
        let size = MemoryLayout<UInt64>.size
        let start = last + MemoryLayout<UInt32>.size + (2 + counter.rawValue) * size
        return information.dropFirst(start).prefix(size).hostOrder()
    }
}
