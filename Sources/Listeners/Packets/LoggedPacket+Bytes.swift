internal import Addressing

/// Packets as the kernel passes them to listeners of nfnetlink_log, from the header of IP on.
extension LoggedPacket {
    /// The bytes of a header that say what follows.
    private struct Payload {
        let transport: TransportProtocol
        /// The bytes behind the headers of IP; none in a later fragment.
        let bytes: ArraySlice<UInt8>
    }

    /// The packet in these bytes, which may end early; `nil` if they are not the header of IPv4 or IPv6.
    public init?(bytes: ArraySlice<UInt8>, prefix: String, time: Int64) {
        guard let first = bytes.first else { return nil }
        let payload: Payload
        switch first >> 4 {
        case 4:
            guard let found = Self.ipv4(bytes) else { return nil }
            payload = found
            self.init(
                prefix: prefix, time: time, from: .ipv4(bytes.number(at: 12)), to: .ipv4(bytes.number(at: 16)),
                payload.transport)
        case 6:
            guard let found = Self.ipv6(bytes) else { return nil }
            payload = found
            self.init(
                prefix: prefix, time: time, from: .ipv6(bytes.number(at: 8)), to: .ipv6(bytes.number(at: 24)),
                payload.transport)
        default: return nil
        }
        read(payload)
    }

    /// Reads ports, the flags of TCP (RFC 9293 3.1) and the type of ICMP.
    private mutating func read(_ payload: Payload) {
        let bytes = payload.bytes
        if transport.hasPorts, bytes.count >= 4 { (sourcePort, port) = (bytes.number(at: 0), bytes.number(at: 2)) }
        if transport == .icmp || transport == .icmpv6 { messageType = bytes.first }
        guard transport == .tcp, bytes.count >= 14 else { return }
        let (synchronizes, acknowledges): (UInt8, UInt8) = (0x02, 0x10)
        let flags: UInt8 = bytes.number(at: 13)
        isMidway = flags & (synchronizes | acknowledges) != synchronizes
    }

    /// RFC 791 3.1.
    private static func ipv4(_ bytes: ArraySlice<UInt8>) -> Payload? {
        let length = Int((bytes.first ?? 0) & 0x0f) * 4
        guard length >= 20, bytes.count >= 20 else { return nil }
        let isFirst = (bytes.number(at: 6) as UInt16) & 0x1fff == 0
        return Payload(
            transport: TransportProtocol(rawValue: bytes.number(at: 9)), bytes: isFirst ? bytes.dropFirst(length) : [])
    }

    /// RFC 8200 3 and 4: hop-by-hop options, routing, fragment and destination options stand before the protocol.
    private static func ipv6(_ bytes: ArraySlice<UInt8>) -> Payload? {
        guard bytes.count >= 40 else { return nil }
        var (next, rest): (UInt8, ArraySlice<UInt8>) = (bytes.number(at: 6), bytes.dropFirst(40))
        while [0, 43, 44, 60].contains(next), rest.count >= 8 {
            let isFragment = next == 44
            if isFragment && (rest.number(at: 2) as UInt16) >> 3 != 0 {
                return Payload(transport: TransportProtocol(rawValue: rest.number(at: 0)), bytes: [])
            }
            let length = isFragment ? 8 : (Int(rest.number(at: 1) as UInt8) + 1) * 8
            (next, rest) = (rest.number(at: 0), rest.dropFirst(length))
        }
        return Payload(transport: TransportProtocol(rawValue: next), bytes: rest)
    }
}

extension ArraySlice<UInt8> {
    /// The number at an offset from the start, in network byte order; the bytes must be there.
    fileprivate func number<Number: FixedWidthInteger>(at offset: Int) -> Number {
        let start = startIndex + offset
        return Number(bigEndianBytes: self[start..<(start + Number.bitWidth / 8)])
    }
}
