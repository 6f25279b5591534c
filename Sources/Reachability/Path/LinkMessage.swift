public import Addressing
internal import Rulesets

/// A message by which a host on a link finds the hardware address of another one: of ARP for IPv4 (RFC 826), of neighbour
/// discovery for IPv6 (RFC 4861), in an Ethernet frame.
enum LinkMessage: Hashable {
    /// The request of another host, which arrives: for IPv6 a neighbour solicitation to the multicast address of this host's
    /// address.
    case request
    /// This host's answer to it, which leaves: for IPv6 a neighbour advertisement.
    case answer
    /// This host's request for the address of another host, which leaves.
    case ownRequest
    /// The other host's answer to it, which arrives.
    case ownAnswer

    /// Whether this host sends it.
    var leaves: Bool { self == .answer || self == .ownRequest }

    /// Whether it is an answer.
    var isAnswer: Bool { self == .answer || self == .ownAnswer }
}

extension AddressFamily {
    /// The name of the protocol by which hosts on a link find each other.
    public var discovery: String { self == .ipv4 ? "ARP" : "neighbour discovery" }
}

extension Setting {
    /// Whether the packets are messages of ARP, which have no header of IP.
    var isARP: Bool { message != nil && family == .ipv4 }

    private var isEthernet: Bool { circumstances.routes?.hardwareType(of: interfaceName) == 1 }

    /// The EtherType of the packets: `ETH_P_…` of `linux/if_ether.h`.
    var etherType: UInt16 { isARP ? 0x0806 : family == .ipv4 ? 0x0800 : 0x86dd }

    /// The state in which messages start: conntrack leaves them alone (`nf_conntrack_icmpv6_error`).
    var messageState: PacketState {
        var state = PacketState()
        state.isUntrackable = true
        guard family == .ipv6 else { return state }
        // The type and the code of the message, RFC 4861 4.3 and 4.4.
        state.headerPort = [SymbolicByte](constants: [message?.isAnswer == true ? 136 : 135, 0])
        // The multicast address of a node for the last 24 bits of its address, RFC 4291 2.7.1.
        let prefix = [SymbolicByte](constants: (UInt128(0xff02) << 112 | 0x1_ff00_0000).bigEndianBytes.prefix(13))
        switch message {
        case .request: state.destination = prefix + (13..<16).map { SymbolicByte(.destination($0)) }
        case .ownRequest: state.destination = prefix + (13..<16).map { SymbolicByte(.source($0)) }
        default: break
        }
        return state
    }

    /// A byte of a message of ARP for IPv4 on Ethernet: RFC 826.
    func arpByte(_ offset: Int) -> SymbolicByte {
        let start: [UInt8] = [0, 1, 0x08, 0x00, 6, 4, 0, message?.isAnswer == true ? 2 : 1]
        let (sender, target) = (14..<18, 24..<28)
        return switch offset {
        case start.indices: SymbolicByte(start[offset])
        case sender:
            SymbolicByte(isLeaving ? .destination(UInt8(offset - 14)) : .source(UInt8(offset - 14)))
        case target:
            SymbolicByte(isLeaving ? .source(UInt8(offset - 24)) : .destination(UInt8(offset - 24)))
        default: .unknown
        }
    }

    /// A byte of the Ethernet header at a hook: of packets that this host sends, it is there at the device only.
    ///
    /// The device of a VLAN sees the type of the VLAN (seen on Linux 6.12).
    func frameByte(_ offset: Int, at hook: Hook) -> SymbolicByte {
        let isKnown = message == nil ? isEthernet && hook == (isSent ? .egress : .ingress) : !isSent || hook == .egress
        guard isKnown, 12...13 ~= offset, vlanDevice == nil || ![.ingress, .egress].contains(hook) else {
            return .unknown
        }
        return SymbolicByte(etherType.bigEndianBytes[offset - 12])
    }
}
