internal import Addressing
internal import Rulesets

/// What an expression puts into a register.
enum Load {
    /// A value for a register.
    case value([Octet], Register)
    /// Nothing: the rule ends.
    case fails
}

extension Setting {
    /// What `expression` loads at a hook; `nil` when it is not a load.
    func load(_ expression: Expression, _ way: Way, at hook: Hook) -> Load? {
        switch expression {
        case .meta(let key, let destination): .value(meta(key, way, hook), destination)
        case .payload(let payload): .value(bytes(payload, way), payload.destination)
        case .conntrack(let load): conntrack(load, way).map { .value($0, load.destination) } ?? .fails
        case .immediate(let immediate): .value([Octet](constants: immediate.value), immediate.destination)
        case .route(let question): .value(route(question, hook), question.destination)
        default: nil
        }
    }

    private func meta(_ key: MetaKey, _ way: Way, _ hook: Hook) -> [Octet] {
        switch key {
        case .inputInterfaceName: return [Octet](constants: interface)
        case .inputInterface: return interfaceIndex.map { [Octet](constants: $0.hostOrderBytes) } ?? .otherIndex
        case .networkProtocol: return [Octet(familyNumber)]
        case .transportProtocol: return [Octet(transport.rawValue)]
        case .etherType: return [Octet](constants: UInt16(family == .ipv4 ? 0x0800 : 0x86dd).bigEndianBytes)
        case .mark: return way.hasMarks ? .unknown(4) : [Octet](constants: UInt32(0).hostOrderBytes)
        case .packetType: return [way.hasMarks ? .unknown : Octet(0)]  // PACKET_HOST of linux/if_packet.h
        case .outputInterface: return isBeforeRouting(hook) ? [Octet](constants: UInt32(0).hostOrderBytes) : .unknown(4)
        case .outputInterfaceName:
            return isBeforeRouting(hook) ? [Octet](constants: Array(repeating: 0, count: 16)) : .unknown(16)
        case .time:
            guard let now = circumstances.now else { return .unknown(8) }
            let nanoseconds = UInt64(clamping: now).multipliedReportingOverflow(by: 1_000_000_000)
            return [Octet](constants: (nanoseconds.overflow ? UInt64.max : nanoseconds.partialValue).hostOrderBytes)
        default: return .unknown(16)
        }
    }

    /// Whether a packet has no way out at the hook: it is not routed yet, or is for this host.
    private func isBeforeRouting(_ hook: Hook) -> Bool { hook == .prerouting || hook == .input }

    private func bytes(_ payload: Payload, _ way: Way) -> [Octet] {
        let range = Int(payload.offset)..<(Int(payload.offset) + Int(payload.length))
        switch payload.base {
        case .network: return range.map { family == .ipv4 ? ipv4Byte($0, way) : ipv6Byte($0, way) }
        case .transport: return range.map { transportByte($0, way) }
        default: return .unknown(range.count)
        }
    }

    /// A byte of the IPv4 header, RFC 791 3.1.
    private func ipv4Byte(_ offset: Int, _ way: Way) -> Octet {
        switch offset {
        case 0: Octet(.unknown, mask: 0x0f, flip: 0x40)
        // A first packet is whole: conntrack puts fragments together before any chain but the rawest sees them.
        case 6: Octet(.unknown, mask: 0x40)
        case 7: Octet(0)
        case 9: Octet(transport.rawValue)
        case 12..<16: Octet(.source(UInt8(offset - 12)))
        case 16..<20: way.destinationByte(offset - 16)
        default: .unknown
        }
    }

    /// A byte of the IPv6 header, RFC 8200 3, that the transport header follows at once.
    private func ipv6Byte(_ offset: Int, _ way: Way) -> Octet {
        switch offset {
        case 0: Octet(.unknown, mask: 0x0f, flip: 0x60)
        case 6: Octet(transport.rawValue)
        case 8..<24: Octet(.source(UInt8(offset - 8)))
        case 24..<40: way.destinationByte(offset - 24)
        default: .unknown
        }
    }

    /// A byte of the transport header: all these protocols have the ports in the same place.
    private func transportByte(_ offset: Int, _ way: Way) -> Octet {
        switch (offset, transport) {
        case (2...3, _): way.headerPort[offset - 2]
        // Data comes with ACK, and without URG, RST, SYN and FIN.
        case (13, .tcp) where isEstablished: Octet(.unknown, mask: 0xc8, flip: 0x10)
        // RFC 9293 3.5: a connection starts with SYN alone; RFC 3168 6.1.1 leaves the two bits of ECN open.
        case (13, .tcp): Octet(.unknown, mask: 0xc0, flip: 0x02)
        default: .unknown
        }
    }

    /// A route back through the interface that the packet came in on is part of the question: the source is really there.
    private func route(_ question: RouteLookup, _ hook: Hook) -> [Octet] {
        let local: UInt32 = 2  // RTN_LOCAL of linux/rtnetlink.h
        let isSource = question.flags.contains(.source)
        switch question.result {
        case .addressType:
            return isSource || hook == .forward ? .unknown(4) : [Octet](constants: local.hostOrderBytes)
        case _ where isSource && question.flags.contains(.isPresent): return [Octet(1)]
        case .interface:
            return isSource ? interfaceIndex.map { [Octet](constants: $0.hostOrderBytes) } ?? .otherIndex : .unknown(4)
        case .interfaceName: return isSource ? [Octet](constants: interface) : .unknown(16)
        }
    }
}

extension Way {
    /// A byte of the destination address: this host's where no rule has replaced it.
    fileprivate func destinationByte(_ index: Int) -> Octet {
        destination?[index] ?? (isForwarded ? .unknown : Octet(.destination(UInt8(index))))
    }
}

extension MetaKey {
    /// The EtherType: 2 bytes, network order.
    static let etherType = Self(rawValue: 1)
    /// The packet's mark: 4 bytes, host order.
    static let mark = Self(rawValue: 3)
    /// The index of the output interface: 4 bytes, host order.
    static let outputInterface = Self(rawValue: 5)
    /// The name of the output interface: 16 bytes, NUL-padded.
    static let outputInterfaceName = Self(rawValue: 7)
    /// Whether the packet is for this host: 1 byte.
    static let packetType = Self(rawValue: 19)
}
