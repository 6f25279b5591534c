internal import Addressing

extension XtablesExtension {
    /// The equivalent native expressions in a table of this family; `nil` if there are none, or the extension is unknown.
    ///
    /// Known are the extensions that decide on ports, messages of ICMP, addresses, marks and redirections: the matches `tcp`,
    /// `udp`, `multiport`, `icmp`, `icmp6`, `ttl`, `hl`, `rpfilter`, `iprange`, `addrtype`, `conntrack`, `state`, `mark`, `connmark`, `pkttype` and `comment`; the targets `DNAT`, `REDIRECT`, `SNAT`,
    /// `MASQUERADE`, `MARK` and `CONNMARK`.
    public func native(in family: TableFamily) -> [Expression]? {
        let structure = ExtensionStructure(info)
        return switch (kind, name, revision) {
        case (.match, "comment", _): []
        case (.match, "tcp", 0): structure.tcpMatch
        case (.match, "udp", 0): structure.udpMatch
        case (.match, "icmp", 0): structure.messageMatch(anyType: .max)
        case (.match, "icmp6", 0): structure.messageMatch(anyType: nil)
        case (.match, "ttl", 0) where family == .ipv4: structure.hopLimitMatch(offset: 8)
        case (.match, "hl", 0) where family == .ipv6: structure.hopLimitMatch(offset: 7)
        case (.match, "rpfilter", 0): structure.returnRouteMatch
        case (.match, "iprange", 1): structure.addressRangeMatch(family)
        case (.match, "multiport", 1): structure.multiportMatch
        case (.match, "addrtype", 1): structure.addressTypeMatch(family)
        case (.match, "conntrack", 2...3): ConntrackMatch(structure, revision, family)?.expressions
        case (.match, "state", 0): structure.stateMatch
        case (.match, "mark", 1): structure.markMatch(.meta(.mark, into: .first))
        case (.match, "pkttype", 0): structure.packetTypeMatch
        case (.match, "connmark", 1): structure.markMatch(.conntrack(ConntrackLoad(.mark)))
        case (.target, "MARK", 2): structure.markTarget
        case (.target, "CONNMARK", 1): structure.connectionMarkTarget(modeOffset: 12)
        case (.target, "CONNMARK", 2): structure.connectionMarkTarget(modeOffset: 14)
        case (.target, "DNAT", 0): structure.compatRange?.translation(.destination, family)
        case (.target, "DNAT", 1...2): structure.range?.translation(.destination, family)
        case (.target, "REDIRECT", 0) where family == .ipv4: structure.compatRange?.redirection
        case (.target, "REDIRECT", 0): structure.range?.redirection
        case (.target, "SNAT", 0): structure.compatRange?.translation(.source, family) ?? Self.masquerade(family)
        case (.target, "SNAT", 1...2): structure.range?.translation(.source, family) ?? Self.masquerade(family)
        case (.target, "MASQUERADE", _) where family == .ipv4:
            structure.compatRange?.masquerade(family) ?? Self.masquerade(family)
        case (.target, "MASQUERADE", _): structure.range?.masquerade(family) ?? Self.masquerade(family)
        case (.target, "SNAT", _): Self.masquerade(family)
        default: nil
        }
    }

    /// A translation of the source to an address that is not known here.
    private static func masquerade(_ family: TableFamily) -> [Expression] {
        [.translate(AddressTranslation(.source, family: UInt32(family.rawValue), addresses: nil))]
    }
}

extension Table {
    /// The table with each extension of iptables replaced by its equivalent native expressions, if it has them, and with each
    /// comparison of both ports at once replaced by two, as people write them.
    public var withNativeExtensions: Table {
        guard chains.contains(where: { $0.rules.contains(where: \.isCompact) }) else { return self }
        let chains = chains.map { chain in
            var native = chain
            native.rules = chain.rules.map {
                $0.isCompact ? $0.withNativeExtensions(name.family).withSeparatePorts : $0
            }
            return native
        }
        return Table(name: name, flags: flags, userdata: userdata, chains: chains, sets: sets, objects: objects)
    }
}

extension Rule {
    /// Whether it has an extension of iptables, or loads both ports at once.
    fileprivate var isCompact: Bool {
        expressions.contains { expression in
            switch expression {
            case .xtables: true
            case .payload(let payload): payload.isOfBothPorts
            default: false
            }
        }
    }

    fileprivate func withNativeExtensions(_ family: TableFamily) -> Rule {
        var native = self
        native.expressions = expressions.flatMap { expression in
            guard case .xtables(let part) = expression else { return [expression] }
            return part.native(in: family) ?? [expression]
        }
        return native
    }
}

/// The addresses and ports of a translation, in network byte order.
struct TranslationRange {
    /// `NF_NAT_RANGE_…` of `linux/netfilter/nf_nat.h`.
    let flags: UInt32
    let addresses: (first: [UInt8], last: [UInt8])
    let ports: (first: [UInt8], last: [UInt8])

    private static let second = Register(rawValue: 2)
    private static let third = Register(rawValue: 3)
    private static let fourth = Register(rawValue: 4)

    private var replacesAddresses: Bool { flags & 1 != 0 }  // NF_NAT_RANGE_MAP_IPS
    private var replacesPorts: Bool { flags & 2 != 0 }  // NF_NAT_RANGE_PROTO_SPECIFIED
    /// The flags about the order of choice: NF_NAT_RANGE_PROTO_RANDOM, …PERSISTENT and …PROTO_RANDOM_FULLY.
    private var order: UInt32 { flags & (4 | 8 | 16) }

    func translation(_ kind: AddressTranslation.Kind, _ family: TableFamily) -> [Expression] {
        let length = family == .ipv4 ? 4 : 16
        let addressLoads = loads(addresses, length, Register.first, Self.second)
        let portLoads = loads(ports, 2, Self.third, Self.fourth)
        let translation = AddressTranslation(
            kind, family: UInt32(family.rawValue), addresses: replacesAddresses ? addressLoads.pair : nil,
            ports: replacesPorts ? portLoads.pair : nil, flags: order)
        return (replacesAddresses ? addressLoads.loads : []) + (replacesPorts ? portLoads.loads : [])
            + [.translate(translation)]
    }

    /// The masquerade, by ports of this range if it has one.
    func masquerade(_ family: TableFamily) -> [Expression] {
        let portLoads = loads(ports, 2, Self.third, Self.fourth)
        let translation = AddressTranslation(
            .source, family: UInt32(family.rawValue), addresses: nil, ports: replacesPorts ? portLoads.pair : nil,
            flags: order)
        return (replacesPorts ? portLoads.loads : []) + [.translate(translation)]
    }

    var redirection: [Expression]? {
        guard replacesPorts else { return [.redirect(PortRedirection(ports: nil, flags: order))] }
        let portLoads = loads(ports, 2, Self.third, Self.fourth)
        return portLoads.loads + [.redirect(PortRedirection(ports: portLoads.pair, flags: order))]
    }

    private func loads(
        _ ends: (first: [UInt8], last: [UInt8]), _ length: Int, _ first: Register, _ last: Register
    ) -> (loads: [Expression], pair: RegisterPair) {
        let values = [Array(ends.first.prefix(length)), Array(ends.last.prefix(length))]
        guard values[0] != values[1] else {
            return ([.immediate(Immediate(values[0], into: first))], RegisterPair(first: first, last: first))
        }
        return (
            [.immediate(Immediate(values[0], into: first)), .immediate(Immediate(values[1], into: last))],
            RegisterPair(first: first, last: last)
        )
    }
}
