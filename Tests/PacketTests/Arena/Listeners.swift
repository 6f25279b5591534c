import Addressing
import Glibc

/// Sockets on the ports of random policies, which receive packets.
final class Listeners {
    private let streams: [Socket]
    private let datagrams: [Socket]
    /// The packets received.
    private(set) var arrived: Set<Arrival> = []

    /// The payload of a packet.
    struct Arrival: Hashable {
        var transport: TransportProtocol
        var source: IPAddress
        var sourcePort: UInt16
    }

    /// Listens in the calling thread's network namespace.
    init() throws {
        streams = try ([RandomPolicy.sentinel.port] + RandomPolicy.ports).map { try Socket.listening(.tcp, on: $0) }
        datagrams = try RandomPolicy.ports.map { try Socket.listening(.udp, on: $0) }
    }

    /// Receives packets until `awaited` has arrived; gives up after a long time without packets.
    func collect(until awaited: Set<Arrival>) {
        while !awaited.isSubset(of: arrived), take(patience: Socket.patience) {}
        _ = take(patience: 0)
    }

    /// Receives the waiting packets, or the next one; returns whether there was any.
    private func take(patience: Int32) -> Bool {
        let sockets = streams + datagrams
        var entries = sockets.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        guard unsafe poll(&entries, nfds_t(entries.count), patience) > 0 else { return false }
        for (index, entry) in entries.enumerated() where entry.revents != 0 {
            if index < streams.count { accept(sockets[index]) } else { receive(sockets[index]) }
        }
        return true
    }

    private func accept(_ socket: Socket) {
        while let (connection, peer) = socket.accept() {
            connection.resetsOnClose()
            arrived.insert(Arrival(transport: .tcp, source: peer.address, sourcePort: peer.port))
        }
    }

    private func receive(_ socket: Socket) {
        while let (_, peer) = socket.receive() {
            arrived.insert(Arrival(transport: .udp, source: peer.address, sourcePort: peer.port))
        }
    }
}
