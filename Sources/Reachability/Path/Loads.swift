internal import Addressing
internal import Rulesets

/// The result of an expression that loads a register.
enum Load {
    /// A value and its register.
    case value([SymbolicByte], Register)
    /// One of these values, and its register; which one is unknown.
    case choice([[SymbolicByte]], Register)
    /// No value: the rule ends.
    case fails
}

extension Setting {
    /// The load of `expression` at a hook; `nil` if it is not a load.
    func load(_ expression: Expression, _ state: PacketState, at hook: Hook) -> Load? {
        switch expression {
        // Without a kind the load ends the rule (`nft_meta_store_kind`).
        case .meta(.outputInterfaceKind, _) where output(state)?.kind == nil && output(state) != nil: .fails
        // Without the interface the load ends the rule, too (`nft_meta_get_eval`).
        case .meta(let key, _) where MetaKey.ofOutput.contains(key) && isBeforeRouting(hook): .fails
        case .meta(let key, _) where MetaKey.ofInput.contains(key) && hook == .output: .fails
        // As it does without a socket (`nft_meta_get_eval_skugid`).
        case .meta(.socketUser, _) where user == SocketUser.none: .fails
        // A message of ARP has no transport header, and no route.
        case .meta(.transportProtocol, _) where isARP, .route where isARP: .fails
        case .payload(let payload) where isARP && payload.base == .transport: .fails
        case .meta(let key, let destination): .value(meta(key, state, hook), destination)
        case .payload(let payload): .value(bytes(payload, state, hook), payload.destination)
        case .conntrack(let load): conntrack(load, state).map { .value($0, load.destination) } ?? .fails
        case .immediate(let immediate): .value([SymbolicByte](constants: immediate.value), immediate.destination)
        case .route(let query): .value(route(query, state, hook), query.destination)
        case .number(let generator): ChosenNumber(generator)?.load ?? .value(.unknown(4), generator.destination)
        case .opaque(name: "exthdr", let attributes): headerOption(attributes)
        case .opaque(let name, let attributes): ChosenNumber(name, attributes).map(\.load)
        default: nil
        }
    }

    private func meta(_ key: MetaKey, _ state: PacketState, _ hook: Hook) -> [SymbolicByte] {
        switch key {
        case .inputInterface where hasTwoInterfaces(at: hook), .outputInterface where hasTwoInterfaces(at: hook):
            return .unknown(4)
        case .inputInterfaceName where hasTwoInterfaces(at: hook),
            .outputInterfaceName where hasTwoInterfaces(at: hook):
            return .unknown(16)
        case .inputInterface where isReply && state.isForwarded:
            return output(state).map { [SymbolicByte](constants: $0.index.hostOrderBytes) } ?? .unknown(4)
        case .inputInterfaceName where isReply && state.isForwarded:
            return output(state).map { Self.name($0.name) } ?? .unknown(16)
        case .outputInterface where isReply && isBeforeRouting(hook):
            return [SymbolicByte](constants: UInt32(0).hostOrderBytes)
        case .outputInterfaceName where isReply && isBeforeRouting(hook):
            return [SymbolicByte](constants: Array(repeating: 0, count: 16))
        case .inputInterface where isSent: return [SymbolicByte](constants: UInt32(0).hostOrderBytes)
        case .inputInterfaceName where isSent: return [SymbolicByte](constants: Array(repeating: 0, count: 16))
        // A translation at the output hook has the packet routed again.
        case .outputInterfaceName where isLeaving && state.isTranslated: return .unknown(16)
        case .outputInterface where isLeaving && state.isTranslated: return .unknown(4)
        case .outputInterfaceName where isSent: return [SymbolicByte](constants: interface)
        case .outputInterface where isSent:
            return interfaceIndex.map { [SymbolicByte](constants: $0.hostOrderBytes) } ?? .otherIndex
        case .packetType where isSent: return [.unknown]
        case .socketUser where isLeaving: return userNumber
        case .inputInterfaceName: return [SymbolicByte](constants: interface)
        case .inputInterface: return interfaceIndex.map { [SymbolicByte](constants: $0.hostOrderBytes) } ?? .otherIndex
        case .inputInterfaceType where !isSent || hook == .egress || isARP:
            let known = circumstances.routes?.hardwareType(of: interfaceName)
            let type = interfaceName == "lo" ? [SymbolicByte].loopbackType : known
            return type.map { [SymbolicByte](constants: $0.hostOrderBytes) } ?? .otherType
        case .networkProtocol: return [SymbolicByte(isARP ? TableFamily.arp.rawValue : familyNumber)]
        case .transportProtocol: return [SymbolicByte(transport.rawValue)]
        case .etherType: return [SymbolicByte](constants: etherType.bigEndianBytes)
        case .mark: return state.marks.packet
        case .packetType: return [state.marks.packetType ?? circumstances.destinationKind.packetType]
        case .outputInterface:
            if isBeforeRouting(hook) { return [SymbolicByte](constants: UInt32(0).hostOrderBytes) }
            return output(state).map { [SymbolicByte](constants: $0.index.hostOrderBytes) } ?? .unknown(4)
        case .outputInterfaceName:
            if isBeforeRouting(hook) { return [SymbolicByte](constants: Array(repeating: 0, count: 16)) }
            return output(state).map { Self.name($0.name) } ?? .unknown(16)
        case .outputInterfaceKind where !isBeforeRouting(hook):
            return output(state).map { Self.name($0.kind ?? "") } ?? .unknown(16)
        case .time:
            guard let now = circumstances.now else { return .unknown(8) }
            let nanoseconds = UInt64(clamping: now).multipliedReportingOverflow(by: 1_000_000_000)
            return [SymbolicByte](
                constants: (nanoseconds.overflow ? UInt64.max : nanoseconds.partialValue).hostOrderBytes)
        default: return .unknown(16)
        }
    }

    /// The number of the user of the socket.
    private var userNumber: [SymbolicByte] {
        switch user {
        case .number(let number), .other(let number): [SymbolicByte](constants: number.hostOrderBytes)
        case .none?, nil: .unknown(4)
        }
    }

    /// A name of 16 bytes, padded with NUL.
    private static func name(_ text: String) -> [SymbolicByte] {
        [SymbolicByte](constants: InterfaceClass.padded(Array(text.utf8)))
    }

    /// Whether a packet has no output interface at the hook: it is not routed yet, or is for this host.
    private func isBeforeRouting(_ hook: Hook) -> Bool { [.ingress, .prerouting, .input].contains(hook) }

    private func bytes(_ payload: Payload, _ state: PacketState, _ hook: Hook) -> [SymbolicByte] {
        let range = Int(payload.offset)..<(Int(payload.offset) + Int(payload.length))
        switch payload.base {
        case .link: return range.map { frameByte($0, at: hook) }
        case .network where isARP: return range.map(arpByte)
        case .network: return range.map { family == .ipv4 ? ipv4Byte($0, state) : ipv6Byte($0, state) }
        case .transport: return range.map { transportByte($0, state) }
        default: return .unknown(range.count)
        }
    }

    /// A byte of the IPv4 header, RFC 791 3.1.
    private func ipv4Byte(_ offset: Int, _ state: PacketState) -> SymbolicByte {
        switch offset {
        case 12..<16 where isLeaving: SymbolicByte(.destination(UInt8(offset - 12)))
        case 16..<20 where isLeaving: state.farByte(offset - 16)
        case 12..<16 where isReply: state.destinationByte(offset - 12)
        case 16..<20 where isReply: SymbolicByte(.source(UInt8(offset - 16)))
        // The length of the header, in words of 4 bytes: more than 5 with options.
        case 0 where hasPlainHeaders: SymbolicByte(0x45)
        case 0: SymbolicByte(.unknown, mask: 0x0f, flip: 0x40)
        // Not a fragment: conntrack reassembles before all chains but those with the lowest priorities.
        case 6: SymbolicByte(.unknown, mask: 0x40)
        case 7: SymbolicByte(0)
        case 9: SymbolicByte(transport.rawValue)
        case 12..<16: state.sourceByte(offset - 12)
        case 16..<20: state.destinationByte(offset - 16)
        default: .unknown
        }
    }

    /// A byte of the IPv6 header, RFC 8200 3.
    private func ipv6Byte(_ offset: Int, _ state: PacketState) -> SymbolicByte {
        switch offset {
        case 8..<24 where isLeaving: SymbolicByte(.destination(UInt8(offset - 8)))
        case 24..<40 where isLeaving: state.farByte(offset - 24)
        case 8..<24 where isReply: state.destinationByte(offset - 8)
        case 24..<40 where isReply: SymbolicByte(.source(UInt8(offset - 24)))
        case 0: SymbolicByte(.unknown, mask: 0x0f, flip: 0x60)
        case 6 where mayHaveOptions: SymbolicByte(.nextHeader(transport.rawValue))
        case 6: SymbolicByte(transport.rawValue)
        // The hop limit, RFC 4861 4.3 and 4.4.
        case 7 where message != nil: SymbolicByte(255)
        case 8..<24: state.sourceByte(offset - 8)
        case 24..<40: state.destinationByte(offset - 24)
        default: .unknown
        }
    }

    /// A byte of the transport header; the ports are at the same offset in all these protocols.
    private func transportByte(_ offset: Int, _ state: PacketState) -> SymbolicByte {
        guard transport.hasPorts else {
            if isEcho { return offset < 2 ? SymbolicByte(offset == 0 ? echoType : 0) : .unknown }
            // The type and the code of a message, RFC 792 and RFC 4443 2.1, stand for the port.
            return isControlMessage && offset < 2 && !isReply ? state.headerPort[offset] : .unknown
        }
        return switch (offset, transport) {
        case (0...1, _) where isLeaving && circumstances.sourcePort != nil:
            circumstances.sourcePort.map { SymbolicByte($0.bigEndianBytes[offset]) } ?? .unknown
        // A port that the kernel chose, from 32768 on (`ip_local_port_range` of ip(7)); a program may choose another one.
        case (0, _) where isLeaving: SymbolicByte(.unknown, mask: 0x7f, flip: 0x80)
        case (0...1, _) where isReply: state.headerPort[offset]
        case (2...3, _) where isReply: .unknown
        // RFC 9293 3.5: the first reply has SYN and ACK; RFC 3168 6.1.1: the two bits of ECN are unknown.
        case (13, .tcp) where phase == .reply: SymbolicByte(.unknown, mask: 0xc0, flip: 0x12)
        case (0...1, _): clientPort[offset]
        case (2...3, _): state.headerPort[offset - 2]
        // A packet with data has ACK, but not URG, RST, SYN or FIN.
        case (13, .tcp) where isEstablished: SymbolicByte(.unknown, mask: 0xc8, flip: 0x10)
        // RFC 9293 3.5: the first packet has only SYN; RFC 3168 6.1.1: the two bits of ECN may be set.
        case (13, .tcp):
            circumstances.headers == .plain ? SymbolicByte(0x02) : SymbolicByte(.unknown, mask: 0xc0, flip: 0x02)
        default: .unknown
        }
    }

    /// Whether the packet is a message of ICMP or ICMPv6.
    private var isControlMessage: Bool { transport == .icmp || transport == .icmpv6 }

    /// The type of an echo request or a reply to one, RFC 792 and RFC 4443 4.1 and 4.2.
    private var echoType: UInt8 {
        switch transport {
        case .icmp: isReply ? 0 : 8
        default: isReply ? 129 : 128
        }
    }

    /// The type of an address of another host, a group or a broadcast address, none of which is `RTN_LOCAL` (2): those are
    /// `RTN_UNICAST` (1), `RTN_BROADCAST` (3) and `RTN_MULTICAST` (5) of `linux/rtnetlink.h`.
    private static let farType: [SymbolicByte] = zip(UInt32(6).hostOrderBytes, UInt32(1).hostOrderBytes).map {
        SymbolicByte(.unknown, mask: $0, flip: $1)
    }

    /// The result of `fib`; the route to the source is assumed to use the input interface, as the source is not spoofed.
    private func route(_ query: RouteLookup, _ state: PacketState, _ hook: Hook) -> [SymbolicByte] {
        let unicast: UInt32 = 1  // RTN_UNICAST of linux/rtnetlink.h
        let own = circumstances.destinationKind.routeType
        let isSource = query.flags.contains(.source)
        if isLeaving, !isSource, query.result == .addressType, !state.isTranslated { return Self.farType }
        if isSent { return .unknown(query.flags.contains(.isPresent) ? 1 : query.result == .interfaceName ? 16 : 4) }
        switch query.result {
        case .addressType:
            // The kernel takes no packet of another host with an address of its own, of a group or of a broadcast.
            if isSource {
                return interfaceName == "lo" ? .unknown(4) : [SymbolicByte](constants: unicast.hostOrderBytes)
            }
            guard state.isForwarded else {
                guard query.flags.contains(.inputInterface), circumstances.destinationKind == .local else {
                    return [SymbolicByte](constants: own.hostOrderBytes)
                }
                return isOfInputInterface(state).map {
                    [SymbolicByte](constants: ($0 ? own : unicast).hostOrderBytes)
                } ?? .unknown(4)
            }
            return output(state).map { _ in [SymbolicByte](constants: unicast.hostOrderBytes) } ?? .unknown(4)
        case _ where isSource: return sourceRoute(query)
        case _ where state.isForwarded:
            guard let output = output(state) else {
                return .unknown(query.flags.contains(.isPresent) ? 1 : query.result == .interface ? 4 : 16)
            }
            let isThere = !query.flags.contains(.inputInterface) || output.name == interfaceName
            if query.flags.contains(.isPresent) { return [SymbolicByte(isThere ? 1 : 0)] }
            return query.result == .interface
                ? [SymbolicByte](constants: (isThere ? output.index : 0).hostOrderBytes)
                : Self.name(isThere ? output.name : "")
        // The kernel answers nothing about an address of its own (`nft_fib4_eval`); of a name it writes the first bytes only.
        case _ where !isSource && circumstances.destinationKind == .local && interfaceName != "lo":
            let none = [SymbolicByte](constants: UInt32(0).hostOrderBytes)
            if query.flags.contains(.isPresent) { return [SymbolicByte(0)] }
            return query.result == .interface ? none : none + .unknown(12)
        case .interface: return .unknown(4)
        case .interfaceName: return .unknown(16)
        }
    }

    /// The result of `fib` for the route back to the source by an interface: of a name the kernel writes the first bytes only where
    /// there is no route (`nft_fib_store_result`).
    private func sourceRoute(_ query: RouteLookup) -> [SymbolicByte] {
        let isPresence = query.flags.contains(.isPresent)
        switch (returnsByInput(query), query.result) {
        case (.open, _): return .unknown(isPresence ? 1 : query.result == .interface ? 4 : 16)
        case (let certainty, _) where isPresence: return [SymbolicByte(certainty == .yes ? 1 : 0)]
        case (.yes, .interface):
            return interfaceIndex.map { [SymbolicByte](constants: $0.hostOrderBytes) } ?? .otherIndex
        case (.yes, _): return [SymbolicByte](constants: interface)
        case (.no, .interface): return [SymbolicByte](constants: UInt32(0).hostOrderBytes)
        case (.no, _): return [SymbolicByte](constants: UInt32(0).hostOrderBytes) + .unknown(12)
        }
    }

    /// Whether the route back to the source leaves by the input interface: taken for granted unless the circumstances say otherwise.
    private func returnsByInput(_ query: RouteLookup) -> Certainty {
        guard circumstances.checksReturnRoutes, interfaceName != "lo" else { return .yes }
        let address: IPAddress? = source.map { family == .ipv4 ? .ipv4(UInt32(truncatingIfNeeded: $0)) : .ipv6($0) }
        // The route of a link-local address is that of its interface.
        if let source, family == .ipv6, source >> 118 == 0xfe80 >> 6 { return .yes }
        guard query.flags.contains(.inputInterface), let source, let routes = circumstances.routes,
            routes.indices[interfaceName] != nil,
            let output = routes.output(
                Routes.Question(
                    family: family, destination: source, source: nil, interface: interfaceName,
                    hasMark: query.flags.contains(.mark)))
        else { return .open }
        if output.name == interfaceName { return .yes }
        // One of several next hops is enough, and for IPv6 a route that is less specific (`nft_fib6_eval`).
        guard family == .ipv4, let address, let reached = routes.arrivals() else { return .open }
        return reached[interfaceName]?.contains(address) == true ? .open : .no
    }
}

extension Setting {
    /// Whether the destination, an address of this host, is one of the input interface; `nil` if that is not known, or not
    /// the same for every possible destination.
    private func isOfInputInterface(_ state: PacketState) -> Bool? {
        guard let own = circumstances.routes?.addresses(interfaceName) else { return nil }
        let bytes = (0..<(family == .ipv4 ? 4 : 16)).map(state.destinationByte)
        let answers = Set(
            destinations.readings(of: bytes).map { reading in
                reading.constants.flatMap(IPAddress.init(bigEndianBytes:)).map(own.contains)
            })
        return answers.count == 1 ? answers.first ?? nil : nil
    }
}

extension PacketState {
    /// A byte of the source address.
    func sourceByte(_ index: Int) -> SymbolicByte { source?[index] ?? SymbolicByte(.source(UInt8(index))) }

    /// A byte of the destination of a packet that this host sends, unless a rule has replaced it.
    fileprivate func farByte(_ index: Int) -> SymbolicByte {
        destination?[index] ?? SymbolicByte(.source(UInt8(index)))
    }

    /// A byte of the destination address: an address of this host unless a rule has replaced it.
    func destinationByte(_ index: Int) -> SymbolicByte {
        destination?[index] ?? (isForwarded ? .unknown : SymbolicByte(.destination(UInt8(index))))
    }
}

extension MetaKey {
    /// The EtherType: 2 bytes, network byte order.
    static let etherType = Self(rawValue: 1)
    /// The type, the group and the kind of the output interface.
    fileprivate static let ofOutput = [Self(rawValue: 9), Self(rawValue: 22), outputInterfaceKind]
    /// The type, the group and the kind of the input interface.
    fileprivate static let ofInput = [inputInterfaceType, Self(rawValue: 21), Self(rawValue: 26)]
}
