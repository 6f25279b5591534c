internal import Addressing
internal import Rulesets

extension Match {
    /// Packets to an address of this host.
    static let isToOwnAddress = ownDestinations[0]

    /// Packets of sockets of these users; a packet without a socket has none.
    static func users(_ numbers: [UInt32]) -> [Expression] {
        let load = Expression.meta(.socketUser, into: .first)
        guard numbers.count != 1 else { return [load, .compare(Comparison(numbers[0].hostOrderBytes))] }
        return [load, .lookup(Lookup(.anonymous(.values(.user, numbers.map(\.hostOrderBytes)))))]
    }

    /// TCP segments that do not open a connection: any but a SYN alone (RFC 9293 3.5).
    static let opensNoConnection: [Expression] =
        transport(TransportProtocol.tcp.rawValue) + [
            .payload(Payload(base: .transport, offset: 13, length: 1)),
            .bitwise(BitwiseMask(mask: [TCPFlag.fin | TCPFlag.syn | TCPFlag.rst | TCPFlag.ack])),
            .compare(Comparison(.notEqual, [TCPFlag.syn])),
        ]

    /// UDP packets from this port.
    static func sourcePort(_ port: UInt16) -> [Expression] { datagram(offset: 0, port) }

    /// UDP packets to this port.
    static func destinationPort(_ port: UInt16) -> [Expression] { datagram(offset: 2, port) }

    private static func datagram(offset: UInt32, _ port: UInt16) -> [Expression] {
        transport(TransportProtocol.udp.rawValue) + [
            .payload(Payload(base: .transport, offset: offset, length: 2)), .compare(Comparison(port.bigEndianBytes)),
        ]
    }

    /// The bits of the flags of TCP, RFC 9293 3.1.
    private enum TCPFlag {
        static let fin: UInt8 = 1
        static let syn: UInt8 = 2
        static let rst: UInt8 = 4
        static let ack: UInt8 = 16
    }
}
