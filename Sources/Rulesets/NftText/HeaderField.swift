/// A field of a header, at whole bytes or at some bits of them, as nft names it.
struct HeaderField {
    /// The field in nft's notation.
    let text: String
    /// The data type of its values.
    var type = DataType.integer
    /// The bits of the loaded bytes that it has; `nil` for all.
    var bits: [UInt8]?

    /// The number of bits behind the field in the loaded bytes.
    var shift: Int {
        guard let last = bits?.last(where: { $0 != 0 }), let bits else { return 0 }
        let whole = bits.reversed().prefix { $0 == 0 }.count
        return whole * 8 + last.trailingZeroBitCount
    }

    /// The place of a field: offset and length in bytes.
    struct Place: Hashable {
        let offset: UInt32
        let length: UInt32

        init(_ offset: UInt32, _ length: UInt32) { (self.offset, self.length) = (offset, length) }
    }

    /// The fields of the Ethernet header.
    static let ethernet: [Place: HeaderField] = [
        Place(0, 6): Self(text: "ether daddr", type: .etherAddress),
        Place(6, 6): Self(text: "ether saddr", type: .etherAddress),
        Place(12, 2): Self(text: "ether type", type: .etherType),
    ]

    /// The fields of the IPv4 header beside the addresses, RFC 791 3.1.
    static let ipv4: [Place: HeaderField] = [
        Place(2, 2): Self(text: "ip length"), Place(4, 2): Self(text: "ip id"), Place(6, 2): Self(text: "ip frag-off"),
        Place(8, 1): Self(text: "ip ttl"), Place(9, 1): Self(text: "ip protocol", type: .transportProtocol),
        Place(10, 2): Self(text: "ip checksum"),
    ]

    /// The fields of the IPv6 header beside the addresses, RFC 8200 3.
    static let ipv6: [Place: HeaderField] = [
        Place(4, 2): Self(text: "ip6 length"), Place(6, 1): Self(text: "ip6 nexthdr", type: .transportProtocol),
        Place(7, 1): Self(text: "ip6 hoplimit"),
    ]

    /// The fields of messages of ARP for IPv4 on Ethernet, RFC 826.
    static let arp: [Place: HeaderField] = [
        Place(0, 2): Self(text: "arp htype"), Place(2, 2): Self(text: "arp ptype"), Place(4, 1): Self(text: "arp hlen"),
        Place(5, 1): Self(text: "arp plen"), Place(6, 2): Self(text: "arp operation"),
        Place(8, 6): Self(text: "arp saddr ether", type: .etherAddress),
        Place(14, 4): Self(text: "arp saddr ip", type: .ipv4Address),
        Place(18, 6): Self(text: "arp daddr ether", type: .etherAddress),
        Place(24, 4): Self(text: "arp daddr ip", type: .ipv4Address),
    ]

    /// The fields of transport headers beside ports and types, by protocol: RFC 9293 3.1, RFC 768, RFC 792, RFC 4443.
    static let transports: [UInt8: [Place: HeaderField]] = [
        1: [Place(1, 1): Self(text: "icmp code"), Place(4, 2): Self(text: "icmp id")],
        6: [
            Place(4, 4): Self(text: "tcp sequence"), Place(8, 4): Self(text: "tcp ackseq"),
            Place(14, 2): Self(text: "tcp window"),
        ],
        17: [Place(4, 2): Self(text: "udp length"), Place(6, 2): Self(text: "udp checksum")],
        58: [Place(1, 1): Self(text: "icmpv6 code"), Place(4, 2): Self(text: "icmpv6 id")],
    ]

    /// The fields of bits: RFC 2474 3, RFC 791 3.1 and RFC 8200 3.
    static let ipv4Bits: [Place: [HeaderField]] = [
        Place(0, 1): [Self(text: "ip version", bits: [0xf0]), Self(text: "ip hdrlength", bits: [0x0f])],
        Place(1, 1): [Self(text: "ip dscp", bits: [0xfc]), Self(text: "ip ecn", bits: [0x03])],
    ]
    static let ipv6Bits: [Place: [HeaderField]] = [
        Place(0, 2): [Self(text: "ip6 dscp", bits: [0x0f, 0xc0])], Place(1, 1): [Self(text: "ip6 ecn", bits: [0x30])],
    ]

    /// The field at whole bytes; `nil` for none.
    static func whole(_ payload: Payload, _ family: TableFamily?, _ transport: UInt8?) -> HeaderField? {
        let place = Place(payload.offset, payload.length)
        return switch (payload.base, family) {
        case (.link, _): ethernet[place]
        case (.network, .ipv4?): ipv4[place]
        case (.network, .ipv6?): ipv6[place]
        case (.network, .arp?): arp[place]
        case (.transport, _): transport.flatMap { transports[$0]?[place] }
        default: nil
        }
    }

    /// The field at the bits of a mask in a load from the network header; `nil` for none.
    static func bits(_ mask: [UInt8], of payload: Payload, _ family: TableFamily?) -> HeaderField? {
        let place = Place(payload.offset, payload.length)
        guard payload.base == .network else { return nil }
        let fields = family == .ipv4 ? ipv4Bits[place] : family == .ipv6 ? ipv6Bits[place] : nil
        return fields?.first { $0.bits == mask }
    }
}
