internal import Addressing
internal import Rulesets

extension Setting {
    /// `IPS_SRC_NAT` and `IPS_DST_NAT` of `linux/netfilter/nf_conntrack_common.h`.
    private static let (sourceBit, translatedBit): (UInt32, UInt32) = (1 << 4, 1 << 5)
    /// The bits that the first packet of a connection cannot have: `IPS_EXPECTED`, `IPS_SEEN_REPLY`, `IPS_ASSURED`,
    /// `IPS_CONFIRMED`, `IPS_DYING`.
    private static let laterBits: UInt32 = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 9

    /// The value that `ct` loads; `nil` if the packet has no connection, which ends the rule.
    func conntrack(_ load: ConntrackLoad, _ state: PacketState) -> [SymbolicByte]? {
        switch state.tracking {
        case .new: break
        // Until conntrack sees the packet, one with a zone has a connection that stands for it.
        case .before where state.zones.areSet: return .unknown(16)
        // Without a connection the state of a packet is invalid or untracked, and all other keys end the rule
        // (`nft_ct_get_eval`).
        case .before: return load.key == .state ? [SymbolicByte](constants: ConntrackState.invalid.hostOrderBytes) : nil
        case .excluded:
            return load.key == .state ? [SymbolicByte](constants: ConntrackState.untracked.hostOrderBytes) : nil
        case .separate: return separate(load)
        case .unknown: return .unknown(16)
        }
        // Of the other family the load ends the rule (`nft_ct_get_eval`).
        if load.key.family(both: family) != family { return nil }
        if isEstablished && !isUntrackedYet { return established(load, state) }
        switch load.key {
        case .state: return [SymbolicByte](constants: ConntrackState.new.hostOrderBytes)
        case .direction: return [SymbolicByte(0)]
        case .status: return status(state)
        case .mark: return state.marks.connection
        case .labels: return state.labels.map { [SymbolicByte](constants: $0) } ?? .unknown(ConntrackLabel.length)
        case .networkProtocol: return [SymbolicByte(familyNumber)]
        case .transportProtocol: return [SymbolicByte(transport.rawValue)]
        case .destinationPort: return load.direction == 0 && transport.hasPorts ? .dialledPort : .unknown(2)
        case .sourcePort where transport.hasPorts && !isLeaving:
            return load.direction == 0 ? clientPort : load.direction == 1 ? state.headerPort : .unknown(2)
        case .zone: return zone(load.direction, state.zones)
        case .packets where load.direction == 1, .bytes where load.direction == 1:
            return [SymbolicByte](constants: UInt64(0).hostOrderBytes)
        case .source, .sourceIPv4, .sourceIPv6: return address(load.direction, ofSource: true, state)
        case .destinationIPv4, .destinationIPv6: return address(load.direction, ofSource: false, state)
        default: return .unknown(16)
        }
    }

    /// An address of the tuple of a direction: replies go from the destination, after its translation, to the source.
    private func address(_ direction: UInt8?, ofSource isSource: Bool, _ state: PacketState) -> [SymbolicByte] {
        switch (direction, isSource) {
        case (0, true) where !isLeaving, (0, false) where isLeaving: sourceAddress
        case (0, false): state.dialled(family)
        case (1, true) where !isLeaving: (0..<addressLength).map(state.destinationByte)
        case (1, false) where !isLeaving: (0..<addressLength).map(state.sourceByte)
        default: .unknown(16)
        }
    }

    private func zone(_ direction: UInt8?, _ zones: ConntrackZones) -> [SymbolicByte] {
        let number: UInt16? =
            switch direction {
            case 0: zones.original
            case 1: zones.replies
            default: zones.original == zones.replies ? zones.original : nil
            }
        return number.map { [SymbolicByte](constants: $0.hostOrderBytes) } ?? .unknown(2)
    }

    /// The value for an established connection; its direction is unknown, since conntrack may have picked it up half-way.
    private func established(_ load: ConntrackLoad, _ state: PacketState) -> [SymbolicByte] {
        switch load.key {
        case .direction where isReply: [SymbolicByte(1)]
        case .mark: state.marks.connection
        case .state: [SymbolicByte](constants: ConntrackState.established.hostOrderBytes)
        case .networkProtocol: [SymbolicByte(familyNumber)]
        case .transportProtocol: [SymbolicByte(transport.rawValue)]
        default: .unknown(16)
        }
    }

    /// The value for a reply that conntrack does not count to its connection: it takes the answer to a SYN for an invalid packet,
    /// and any other one for a new connection.
    private func separate(_ load: ConntrackLoad) -> [SymbolicByte]? {
        guard transport != .tcp || phase == .reply else { return .unknown(16) }
        let value = transport == .tcp ? ConntrackState.invalid : ConntrackState.new
        if load.key == .state { return [SymbolicByte](constants: value.hostOrderBytes) }
        return transport == .tcp ? nil : .unknown(16)
    }

    private var addressLength: Int { family == .ipv4 ? 4 : 16 }

    private var sourceAddress: [SymbolicByte] { (0..<addressLength).map { SymbolicByte(.source(UInt8($0))) } }

    private func status(_ state: PacketState) -> [SymbolicByte] {
        // Rules that translate the source of what leaves come last.
        let known = Self.translatedBit | Self.laterBits | (state.isForwarded || isLeaving ? 0 : Self.sourceBit)
        let value = (state.isTranslated ? Self.translatedBit : 0) | (state.source != nil ? Self.sourceBit : 0)
        return zip((~known).hostOrderBytes, value.hostOrderBytes).map { SymbolicByte(.unknown, mask: $0, flip: $1) }
    }
}

extension ConntrackLoad.Key {
    /// The address family, `NFPROTO_…`: 1 byte.
    static let networkProtocol = Self(rawValue: 7)
    /// The source address, of either family.
    static let source = Self(rawValue: 8)
    /// The source port: 2 bytes, network byte order.
    static let sourcePort = Self(rawValue: 11)
    /// The number of packets: 8 bytes, host byte order; 0 where the kernel counts none.
    static let packets = Self(rawValue: 14)
    /// The number of bytes: 8 bytes, host byte order; 0 where the kernel counts none.
    static let bytes = Self(rawValue: 15)
    /// The transport protocol, `IPPROTO_…`: 1 byte.
    static let transportProtocol = Self(rawValue: 10)
    /// The source address of IPv4.
    static let sourceIPv4 = Self(rawValue: 19)
    /// The source address of IPv6.
    static let sourceIPv6 = Self(rawValue: 21)

    /// The family of the connections that have the property; `both` for a property of all of them.
    fileprivate func family(both: AddressFamily) -> AddressFamily {
        switch self {
        case .sourceIPv4, .destinationIPv4: .ipv4
        case .sourceIPv6, .destinationIPv6: .ipv6
        default: both
        }
    }
}
