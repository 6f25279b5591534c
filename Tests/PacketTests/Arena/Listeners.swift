import Addressing
import Glibc

/// Sockets on the ports of random policies, which receive packets.
final class Listeners {
    private let streams: [Socket]
    private let datagrams: [Socket]
    /// Raw sockets, which receive what the ruleset lets in.
    private let whole: [(transport: TransportProtocol, socket: Socket)]
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
        let both = RandomPolicy.protocols.flatMap { [($0, AddressFamily.ipv4), ($0, .ipv6)] }
        whole = try (both + [(.icmp, .ipv4), (.igmp, .ipv4), (.icmpv6, .ipv6)]).map {
            ($0, try Socket(.raw($0.rawValue), $1))
        }
    }

    /// Receives packets until `awaited` has arrived; gives up after a long time without packets.
    func collect(until awaited: Set<Arrival>) {
        while !awaited.isSubset(of: arrived), take(patience: Socket.patience) {}
        _ = take(patience: 0)
    }

    /// Receives the waiting packets, or the next one; returns whether there was any.
    private func take(patience: Int32) -> Bool {
        let sockets = streams + datagrams + whole.map(\.socket)
        var entries = sockets.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        guard unsafe poll(&entries, nfds_t(entries.count), patience) > 0 else { return false }
        for (index, entry) in entries.enumerated() where entry.revents != 0 {
            let number = index - streams.count - datagrams.count
            if index < streams.count {
                accept(sockets[index])
            } else if number < 0 {
                receive(sockets[index])
            } else {
                receive(whole[number].transport, sockets[index])
            }
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

    /// Receives packets without ports, which end with their number; other messages of ICMP are no probes.
    private func receive(_ transport: TransportProtocol, _ socket: Socket) {
        while let (bytes, peer) = socket.receive() {
            // A raw IPv4 socket receives the IP header, too; its length is in the first byte.
            let packet = socket.family == .ipv4 ? bytes.dropFirst(Int(bytes[0] & 15) * 4) : bytes[...]
            guard let type = packet.first, let number = packet.last, packet.count >= 10 else { continue }
            if transport == .icmp && type != 8 || transport == .icmpv6 && type != 128 { continue }
            let high = UInt16(packet[packet.endIndex - 2])
            arrived.insert(
                Arrival(transport: transport, source: peer.address, sourcePort: high << 8 | UInt16(number)))
        }
    }
}
