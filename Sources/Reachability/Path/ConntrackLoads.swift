internal import Addressing
internal import Rulesets

extension Setting {
    /// `IPS_DST_NAT` of `nf_conntrack_common.h`, and the bits that the first packet of a connection cannot have:
    /// `IPS_EXPECTED`, `IPS_SEEN_REPLY`, `IPS_ASSURED`, `IPS_CONFIRMED`, `IPS_DYING`.
    private static let translatedBit: UInt32 = 1 << 5
    private static let laterBits: UInt32 = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 9

    /// What `ct` loads; `nil` where there is no connection to ask, which ends the rule.
    func conntrack(_ load: ConntrackLoad, _ way: Way) -> [Octet]? {
        guard way.tracking != .unknown else { return .unknown(16) }
        guard way.tracking == .new else {
            // Before conntrack a packet counts as invalid (`nft_ct_get_eval`), and has nothing else.
            return load.key == .state ? [Octet](constants: ConntrackState.invalid.hostOrderBytes) : nil
        }
        if isEstablished { return established(load) }
        switch load.key {
        case .state: return [Octet](constants: ConntrackState.new.hostOrderBytes)
        case .direction: return [Octet(0)]
        case .status: return status(way)
        case .mark: return way.hasMarks ? .unknown(4) : [Octet](constants: UInt32(0).hostOrderBytes)
        case .networkProtocol: return [Octet(familyNumber)]
        case .transportProtocol: return [Octet(transport.rawValue)]
        case .destinationPort: return load.direction == 0 ? .dialledPort : .unknown(2)
        case .source, .sourceIPv4, .sourceIPv6: return load.direction == 0 ? sourceAddress : .unknown(16)
        default: return .unknown(16)
        }
    }

    /// What is known of an established connection: not who began it, since conntrack may have met it half-way.
    private func established(_ load: ConntrackLoad) -> [Octet] {
        switch load.key {
        case .state: [Octet](constants: ConntrackState.established.hostOrderBytes)
        case .networkProtocol: [Octet(familyNumber)]
        case .transportProtocol: [Octet(transport.rawValue)]
        default: .unknown(16)
        }
    }

    private var sourceAddress: [Octet] { (0..<(family == .ipv4 ? 4 : 16) as Range<UInt8>).map { Octet(.source($0)) } }

    private func status(_ way: Way) -> [Octet] {
        let known = Self.translatedBit | Self.laterBits
        let value = way.isTranslated ? Self.translatedBit : 0
        return zip((~known).hostOrderBytes, value.hostOrderBytes).map { Octet(.unknown, mask: $0, flip: $1) }
    }
}

extension ConntrackLoad.Key {
    /// The connection's mark: 4 bytes, host order.
    static let mark = Self(rawValue: 3)
    /// `NFPROTO_…`: 1 byte.
    static let networkProtocol = Self(rawValue: 7)
    /// The source address, of either family.
    static let source = Self(rawValue: 8)
    /// `IPPROTO_…`: 1 byte.
    static let transportProtocol = Self(rawValue: 10)
    /// The source address of IPv4.
    static let sourceIPv4 = Self(rawValue: 19)
    /// The source address of IPv6.
    static let sourceIPv6 = Self(rawValue: 21)
}
