internal import Addressing

extension DataType {
    /// A constant of this type in nft's notation; `bytes` are in the order of a register.
    func text(_ bytes: [UInt8]) -> String {
        switch self {
        case .ipv4Address where bytes.count == 4: IPv4Address(value: UInt32(bigEndianBytes: bytes)).description
        case .ipv6Address where bytes.count == 16: IPv6Address(value: UInt128(bigEndianBytes: bytes)).description
        case .etherAddress where bytes.count == 6: bytes.map(Self.hexadecimal).joined(separator: ":")
        case .etherType where bytes.count == 2:
            Self.etherTypeNames[bytes] ?? "0x" + bytes.map(Self.hexadecimal).joined()
        case .port where bytes.count == 2: "\(UInt16(bigEndianBytes: bytes))"
        case .networkProtocol where bytes.count == 1:
            bytes[0] == TableFamily.ipv4.rawValue
                ? "ipv4" : bytes[0] == TableFamily.ipv6.rawValue ? "ipv6" : "\(bytes[0])"
        case .transportProtocol where bytes.count == 1: Self.protocolNames[bytes[0]] ?? "\(bytes[0])"
        case .icmpType where bytes.count == 1: Self.icmpTypeNames[bytes[0]] ?? "\(bytes[0])"
        case .icmpv6Type where bytes.count == 1: Self.icmpv6TypeNames[bytes[0]] ?? "\(bytes[0])"
        case .interfaceName: quoted(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
        case .interfaceIndex where bytes.count == 4:
            UInt32(hostOrderBytes: bytes) == 1 ? "\"lo\"" : "\(UInt32(hostOrderBytes: bytes))"
        case .conntrackState where bytes.count == 4, .conntrackStatus where bytes.count == 4,
            .conntrackLabel where bytes.count == ConntrackLabel.length:
            bitNames(bytes)?.joined(separator: ",") ?? ""
        case .tcpFlags where bytes.count == 1: bitNames(bytes)?.joined(separator: " | ") ?? ""
        case .user where bytes.count == 4, .group where bytes.count == 4: "\(UInt32(hostOrderBytes: bytes))"
        case .addressType where bytes.count == 4:
            Self.addressTypeNames[UInt32(hostOrderBytes: bytes)] ?? "\(UInt32(hostOrderBytes: bytes))"
        case .packetType where bytes.count == 1: Self.packetTypeNames[bytes[0]] ?? "\(bytes[0])"
        case .boolean where bytes.count == 1: bytes[0] == 0 ? "missing" : "exists"
        case .boolean where bytes.count == 4: UInt32(hostOrderBytes: bytes) == 0 ? "missing" : "exists"
        case .conntrackDirection where bytes.count == 1: bytes[0] == 0 ? "original" : "reply"
        case .time where bytes.count == 8: "\(UInt64(bigEndianBytes: bytes) / 1_000_000_000)"
        case .mark where bytes.count == 4: "0x" + String(UInt32(hostOrderBytes: bytes), radix: 16)
        default: "0x" + bytes.map(Self.hexadecimal).joined()
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    /// The names of the bits that are set, `0` for none; `nil` for a type whose bits have no names.
    func bitNames(_ bytes: [UInt8]) -> [String]? {
        let names: [UInt32: String]
        switch self {
        case .conntrackState: names = Self.stateNames
        case .conntrackStatus: names = Self.statusNames
        case .tcpFlags: names = Self.tcpFlagNames
        case .conntrackLabel: return ConntrackLabel.labels(bytes).map(String.init)
        default: return nil
        }
        let value = UInt32(hostOrderBytes: bytes)
        let set = (0..<32).map { UInt32(1) << $0 }.filter { value & $0 != 0 }
        return set.isEmpty ? ["0"] : set.map { names[$0] ?? "0x" + String($0, radix: 16) }
    }

    static let protocolNames: [UInt8: String] = [
        1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 33: "dccp", 47: "gre", 50: "esp", 51: "ah", 58: "ipv6-icmp",
        132: "sctp", 136: "udplite",
    ]

    /// `ETH_P_…` of `linux/if_ether.h`.
    private static let etherTypeNames: [[UInt8]: String] = [
        [0x08, 0x00]: "ip", [0x08, 0x06]: "arp", [0x81, 0x00]: "8021q", [0x86, 0xdd]: "ip6", [0x88, 0xa8]: "8021ad",
    ]

    private static let icmpTypeNames: [UInt8: String] = [
        0: "echo-reply", 3: "destination-unreachable", 4: "source-quench", 5: "redirect", 8: "echo-request",
        9: "router-advertisement", 10: "router-solicitation", 11: "time-exceeded", 12: "parameter-problem",
        13: "timestamp-request", 14: "timestamp-reply",
    ]

    private static let icmpv6TypeNames: [UInt8: String] = [
        1: "destination-unreachable", 2: "packet-too-big", 3: "time-exceeded", 4: "parameter-problem",
        128: "echo-request", 129: "echo-reply", 130: "mld-listener-query", 131: "mld-listener-report",
        132: "mld-listener-done", 133: "nd-router-solicit", 134: "nd-router-advert", 135: "nd-neighbor-solicit",
        136: "nd-neighbor-advert", 137: "nd-redirect", 141: "ind-neighbor-solicit", 142: "ind-neighbor-advert",
        143: "mld2-listener-report",
    ]

    /// `RTN_…` of `linux/rtnetlink.h`.
    private static let addressTypeNames: [UInt32: String] = [
        1: "unicast", 2: "local", 3: "broadcast", 4: "anycast", 5: "multicast", 6: "blackhole", 7: "unreachable",
        8: "prohibit",
    ]

    /// `PACKET_…` of `linux/if_packet.h`.
    private static let packetTypeNames: [UInt8: String] = [0: "host", 1: "broadcast", 2: "multicast", 3: "other"]

    /// RFC 9293 3.1.
    private static let tcpFlagNames: [UInt32: String] = [
        1: "fin", 2: "syn", 4: "rst", 8: "psh", 16: "ack", 32: "urg", 64: "ecn", 128: "cwr",
    ]

    private static let stateNames: [UInt32: String] = [
        1: "invalid", 2: "established", 4: "related", 8: "new", 64: "untracked",
    ]

    private static let statusNames: [UInt32: String] = [
        1: "expected", 2: "seen-reply", 4: "assured", 8: "confirmed", 16: "snat", 32: "dnat", 512: "dying",
    ]
}

/// A string in double quotes; nft has no escape for a quote inside, which becomes an apostrophe.
func quoted(_ text: String) -> String { "\"" + text.map { $0 == "\"" ? "'" : String($0) }.joined() + "\"" }
