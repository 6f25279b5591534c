internal import Addressing

/// The data types of nft; the raw values are the numbers in nft's `include/datatype.h`.
enum DataType: UInt32 {
    case networkProtocol = 2
    case integer = 4
    case ipv4Address = 7
    case ipv6Address = 8
    case etherAddress = 9
    case etherType = 10
    case transportProtocol = 12
    case port = 13
    case icmpType = 14
    case tcpFlags = 15
    case mark = 19
    case interfaceIndex = 20
    case user = 24
    case group = 25
    case conntrackState = 26
    case conntrackDirection = 27
    case conntrackStatus = 28
    case icmpv6Type = 29
    case conntrackLabel = 30
    case packetType = 31
    case addressType = 38
    case boolean = 39
    case interfaceName = 41
    case time = 43

    /// The bits of each field in the type of a concatenation.
    private static let fieldWidth: UInt32 = 6

    /// The types of the fields of a key, first to last; `nil` if one is unknown.
    static func fields(of keyType: UInt32) -> [DataType]? {
        var types: [DataType] = []
        var rest = keyType
        repeat {
            guard let type = DataType(rawValue: rest & ((1 << fieldWidth) - 1)) else { return nil }
            types.insert(type, at: 0)
            rest >>= fieldWidth
        } while rest != 0
        return types
    }

    /// The name in the `type` of a set.
    var name: String {
        switch self {
        case .networkProtocol: "nf_proto"
        case .integer: "integer"
        case .ipv4Address: "ipv4_addr"
        case .ipv6Address: "ipv6_addr"
        case .etherAddress: "ether_addr"
        case .etherType: "ether_type"
        case .packetType: "pkt_type"
        case .transportProtocol: "inet_proto"
        case .port: "inet_service"
        case .icmpType: "icmp_type"
        case .tcpFlags: "tcp_flag"
        case .mark: "mark"
        case .interfaceIndex: "iface_index"
        case .user: "uid"
        case .group: "gid"
        case .conntrackState: "ct_state"
        case .conntrackDirection: "ct_dir"
        case .conntrackStatus: "ct_status"
        case .icmpv6Type: "icmpv6_type"
        case .conntrackLabel: "ct_label"
        case .addressType: "fib_addrtype"
        case .boolean: "boolean"
        case .interfaceName: "ifname"
        case .time: "time"
        }
    }

    /// The size of a value in bytes.
    var length: Int {
        switch self {
        case .networkProtocol, .transportProtocol, .icmpType, .icmpv6Type, .conntrackDirection, .boolean, .tcpFlags,
            .packetType:
            1
        case .port, .etherType: 2
        case .ipv4Address, .mark, .interfaceIndex, .user, .group, .conntrackState, .conntrackStatus, .integer,
            .addressType:
            4
        case .etherAddress: 6
        case .time: 8
        case .ipv6Address, .interfaceName, .conntrackLabel: 16
        }
    }
}
