import Rulesets
import Testing

@Suite("Rules as nft writes them")
struct RuleTextTests {
    private static let flags = Expression.payload(Payload(base: .transport, offset: 13, length: 1))

    /// The texts are those of nft 1.1.3, which nft 1.0.6 reads, too.
    static let flagMatches: [([Expression], String)] = [
        ([.bitwise(BitwiseMask(mask: [2])), .compare(Comparison(.notEqual, [0]))], "tcp flags syn"),
        ([.bitwise(BitwiseMask(mask: [0x12])), .compare(Comparison(.notEqual, [0]))], "tcp flags syn,ack"),
        ([.bitwise(BitwiseMask(mask: [2])), .compare(Comparison([0]))], "tcp flags ! syn"),
        (
            [.bitwise(BitwiseMask(mask: [0x17])), .compare(Comparison([2]))],
            "tcp flags & (fin | syn | rst | ack) == syn"
        ),
        ([.bitwise(BitwiseMask(mask: [3])), .compare(Comparison(.notEqual, [2]))], "tcp flags & (fin | syn) != syn"),
        ([.compare(Comparison([2]))], "tcp flags == syn"),
        ([.compare(Comparison(.notEqual, [2]))], "tcp flags != syn"),
        ([.lookup(Lookup(.anonymous(flagSet)))], "tcp flags { fin | ack, syn }"),
    ]
    private static let flagSet = AnonymousSet(
        definition: SetDefinition(keyType: 15, keyLength: 1, flags: [.anonymous, .constant]),
        elements: .list([SetElement(key: [0x11]), SetElement(key: [2])]))

    @Test("Flags of TCP by their names", arguments: flagMatches)
    func namedFlags(expressions: [Expression], text: String) {
        #expect(Rule(Self.tcp + [Self.flags] + expressions).description == text)
    }

    @Test("A translation of the source without an address is masquerading")
    func masquerade() {
        let ports = RegisterPair(first: Register(rawValue: 3), last: Register(rawValue: 3))
        let plain = AddressTranslation(.source, family: 2, addresses: nil)
        #expect(Rule([.translate(plain)]).description == "masquerade")
        let load = Expression.immediate(Immediate([4, 0], into: Register(rawValue: 3)))
        let withPort = AddressTranslation(.source, family: 2, addresses: nil, ports: ports)
        #expect(Rule([load, .translate(withPort)]).description == "masquerade to :1024")
    }

    @Test("A masquerade with its ports and the order in which it chooses them")
    func masqueradeOrder() {
        func attribute(_ type: UInt8, _ value: UInt8) -> [UInt8] { [8, 0, type, 0, 0, 0, 0, value] }
        let random = Expression.opaque(name: "masq", attributes: attribute(1, 4 | 8 | 16))
        #expect(Rule([random]).description == "masquerade random,fully-random,persistent")
        let loads = [1024, 2048].enumerated().map { number, port in
            Expression.immediate(
                Immediate([UInt8(port / 256), 0], into: Register(rawValue: UInt32(number + 1))))
        }
        let ports = Expression.opaque(name: "masq", attributes: attribute(1, 2) + attribute(2, 1) + attribute(3, 2))
        #expect(Rule(loads + [ports]).description == "masquerade to :1024-2048")
    }

    @Test("A value from a map stands where it is used, and is no register")
    func maps() {
        let addresses = AnonymousSet(
            definition: SetDefinition(
                keyType: 13, keyLength: 2, flags: [.anonymous, .constant, .map], dataType: 7),
            elements: .list([SetElement(key: [0, 80], value: .bytes([10, 0, 0, 2]))]))
        let second = Register(rawValue: 2)
        func translation(_ port: Register?) -> Expression {
            .translate(
                AddressTranslation(
                    .destination, family: 2, addresses: RegisterPair(first: .first, last: .first),
                    ports: port.map { RegisterPair(first: $0, last: $0) }))
        }
        let load = Self.tcp + [Expression.payload(Payload(base: .transport, offset: 2, length: 2))]
        let lookup = Expression.lookup(Lookup(.anonymous(addresses), destination: .first))
        #expect(Rule(load + [lookup, translation(nil)]).description == "dnat ip to tcp dport map { 80 : 10.0.0.2 }")
        let named = Expression.lookup(Lookup(.named("targets"), destination: .first))
        // The port of `10.0.0.2 . 8080` is in the next register.
        #expect(
            Rule(load + [named, translation(Register(rawValue: 9))]).description
                == "dnat ip to tcp dport map @targets")
        let port = Expression.immediate(Immediate([0x1f, 0x90], into: second))
        #expect(
            Rule(load + [named, port, translation(second)]).description == "dnat ip to tcp dport map @targets:8080")
        #expect(
            Rule(load + [named, .setPacketMark(from: .first)]).description == "meta mark set tcp dport map @targets")
    }

    @Test("Interfaces of a set by the names in the notes")
    func interfaceSet() {
        let set = AnonymousSet(
            definition: SetDefinition(keyType: 20, keyLength: 4, flags: [.anonymous, .constant]),
            elements: .list([SetElement(key: [1, 0, 0, 0]), SetElement(key: [7, 0, 0, 0])]))
        var rule = Rule([.meta(.inputInterface, into: .first), .lookup(Lookup(.anonymous(set))), .verdict(.accept)])
        #expect(rule.description == "iif { \"lo\", 7 } accept")
        rule.notes = ListingNotes(interfaceNames: [7: "wg0"], listings: [:])
        #expect(rule.description == "iif { \"lo\", \"wg0\" } accept")
    }

    static let fields: [([Expression], String)] = [
        (ipv4 + [network(9, 1), .compare(Comparison([17]))], "ip protocol udp"),
        (
            ipv4 + [network(9, 1), .compare(Comparison([6])), port, .compare(Comparison([0, 22]))],
            "ip protocol tcp tcp dport 22"
        ),
        (ipv4 + [network(8, 1), .compare(Comparison(.less, [2]))], "ip ttl < 2"),
        (
            ipv4 + [network(1, 1), .bitwise(BitwiseMask(mask: [0xfc])), .compare(Comparison([0x20]))],
            "ip dscp 0x8"
        ),
        (
            ipv4 + [network(6, 2), .bitwise(BitwiseMask(mask: [0x40, 0])), .compare(Comparison(.notEqual, [0, 0]))],
            "ip frag-off & 0x4000 != 0x0"
        ),
        (ipv6 + [network(6, 1), .compare(Comparison([58]))], "ip6 nexthdr ipv6-icmp"),
        (ipv6 + [network(7, 1), .compare(Comparison([255]))], "ip6 hoplimit 255"),
        (
            ipv6 + [network(0, 2), .bitwise(BitwiseMask(mask: [0x0f, 0xc0])), .compare(Comparison([0x0b, 0x80]))],
            "ip6 dscp 0x2e"
        ),
        (
            [
                .payload(Payload(base: .link, offset: 6, length: 6)),
                .compare(Comparison([2, 0, 0, 0, 0, 0x1f])),
            ], "ether saddr 02:00:00:00:00:1f"
        ),
        ([network(9, 1), .compare(Comparison([17]))], "@nh,72,8 17"),
        (ipv4 + [.reject(Reject(type: 0, code: 3))], "meta nfproto ipv4 reject with icmp port-unreachable"),
    ]

    private static let ipv6: [Expression] = [.meta(.networkProtocol, into: .first), .compare(Comparison([10]))]

    private static func network(_ offset: UInt32, _ length: UInt32) -> Expression {
        .payload(Payload(base: .network, offset: offset, length: length))
    }

    @Test("Fields of headers by their names, where the protocol is known", arguments: fields)
    func headerField(expressions: [Expression], text: String) { #expect(Rule(expressions).description == text) }

    private static let ipv4: [Expression] = [.meta(.networkProtocol, into: .first), .compare(Comparison([2]))]
    private static let tcp: [Expression] = [.meta(.transportProtocol, into: .first), .compare(Comparison([6]))]
    private static let source = Expression.payload(Payload(base: .network, offset: 12, length: 4))
    private static let port = Expression.payload(Payload(base: .transport, offset: 2, length: 2))

    static let rules: [(Rule, String)] = [
        (Rule([.counter, .verdict(.drop)]), "counter drop"),
        (Rule(ipv4 + [.verdict(.accept)]), "meta nfproto ipv4 accept"),
        (Rule(ipv4 + [source, .compare(Comparison([10, 1, 2, 3])), .verdict(.accept)]), "ip saddr 10.1.2.3 accept"),
        (
            Rule(
                ipv4 + [
                    source, .bitwise(BitwiseMask(mask: [255, 240, 0, 0])), .compare(Comparison([172, 16, 0, 0])),
                    .verdict(.drop),
                ]), "ip saddr 172.16.0.0/12 drop"
        ),
        (Rule(tcp + [port, .compare(Comparison([0x7a, 0x69])), .verdict(.accept)]), "tcp dport 31337 accept"),
        (Rule(tcp + [port, .compare(Comparison(.notEqual, [0, 22])), .verdict(.drop)]), "tcp dport != 22 drop"),
        (
            Rule(
                tcp + [
                    port, .compare(Comparison(.greaterOrEqual, [0, 22])), .compare(Comparison(.lessOrEqual, [0, 80])),
                    .verdict(.jump("x")),
                ]), "tcp dport 22-80 jump x"
        ),
        (Rule(tcp + [.verdict(.accept)]), "meta l4proto tcp accept"),
        (
            Rule([
                .conntrack(ConntrackLoad(.state)), .bitwise(BitwiseMask(mask: [8, 0, 0, 0])),
                .compare(Comparison(.notEqual, [0, 0, 0, 0])), .verdict(.accept),
            ]), "ct state new accept"
        ),
        (
            Rule([.meta(.inputInterfaceName, into: .first), .compare(Comparison(Array("wg".utf8))), .verdict(.accept)]),
            "iifname \"wg*\" accept"
        ),
        (
            Rule([
                .payload(Payload(base: .transport, offset: .max, length: 1)), .compare(Comparison([7])),
                .verdict(.drop),
            ]), "@th,34359738360,8 7 drop"
        ),
        (Rule([.opaque(name: "masq", attributes: [1, 2])]), "[masq 0x0102]"),
        (Rule([.opaque(name: "masq", attributes: [])]), "masquerade"),
        (Rule([.opaque(name: "unreadable", attributes: [])]), "[unreadable]"),
        (
            Rule([
                .meta(MetaKey(rawValue: 3), into: .first), .bitwise(BitwiseMask(mask: [3, 0, 0, 0])),
                .compare(Comparison([3, 0, 0, 0])), .verdict(.accept),
            ]), "meta mark & 0x3 == 0x3 accept"
        ),
        (
            Rule([
                .meta(MetaKey(rawValue: 3), into: .first),
                .bitwise(BitwiseMask(mask: [255, 0, 0, 0], xor: [1, 0, 0, 0])),
                .compare(Comparison(.notEqual, [3, 0, 0, 0])), .verdict(.accept),
            ]), "meta mark & 0xff ^ 0x1 != 0x3 accept"
        ),
        (
            Rule(
                ipv4 + [
                    source, .bitwise(BitwiseMask(mask: [255, 0, 255, 0])), .compare(Comparison([10, 0, 1, 0])),
                    .verdict(.drop),
                ]), "ip saddr & 255.0.255.0 == 10.0.1.0 drop"
        ),
        (
            Rule([.meta(.inputInterfaceName, into: .first), .compare(Comparison(Array("tailscale0\0".utf8)))]),
            "iifname \"tailscale0\""
        ),
        (
            Rule([
                .meta(.inputInterfaceName, into: .first),
                .bitwise(BitwiseMask(mask: Array(repeating: 255, count: 10) + Array(repeating: 0, count: 6))),
                .compare(Comparison(Array("tailscale0".utf8) + Array(repeating: 0, count: 6))),
            ]), "iifname \"tailscale0*\""
        ),
        (Rule([.meta(MetaKey(rawValue: 10), into: .first), .compare(Comparison([232, 3, 0, 0]))]), "meta skuid 1000"),
        (Rule([.verdict(.accept)], comment: "why"), "accept comment \"why\""),
        (
            Rule([.limit(RateLimit(rate: 10, unit: 60, burst: 7, isOver: true))]),
            "limit rate over 10/minute burst 7 packets"
        ),
    ]

    @Test("Notes are used for the text, and take no part in equality")
    func notes() {
        let plain = Rule([
            .meta(.inputInterface, into: .first), .compare(Comparison([7, 0, 0, 0])),
            .opaque(name: "quota", attributes: [8, 0, 2, 0, 0, 0, 0, 1]),
        ])
        var noted = plain
        noted.notes = ListingNotes(
            interfaceNames: [7: "wg0"], listings: [plain.expressions[2]: "quota bytes 9 consumed 0 flags 1"])
        #expect(plain.description == "iif 7 [quota 0x0800020000000001]")
        #expect(noted.description == "iif \"wg0\" [quota bytes 9 consumed 0 flags 1]")
        #expect(noted == plain && noted.hashValue == plain.hashValue)
    }

    @Test("Each form", arguments: rules)
    func text(rule: Rule, text: String) {
        #expect(rule.description == text)
    }
}
