internal import Addressing

extension XtablesExtension {
    /// Native expressions that do the same in a table of this family; `nil` where there are none, or none that are known.
    ///
    /// Those that decide over ports and redirections are known: `tcp`, `udp`, `multiport`, `addrtype`, `conntrack` for
    /// states, `comment`; `DNAT`, `REDIRECT`, `SNAT`, `MASQUERADE`.
    public func native(in family: TableFamily) -> [Expression]? {
        let structure = HostOrderBytes(info)
        return switch (kind, name, revision) {
        case (.match, "comment", _): []
        case (.match, "tcp", 0): structure.tcpMatch
        case (.match, "udp", 0): structure.udpMatch
        case (.match, "multiport", 1): structure.multiportMatch
        case (.match, "addrtype", 1): structure.addressTypeMatch
        case (.match, "conntrack", 2...3): structure.conntrackMatch
        case (.target, "DNAT", 0): structure.compatRange?.destinationTranslation(family)
        case (.target, "DNAT", 1...2): structure.range?.destinationTranslation(family)
        case (.target, "REDIRECT", 0) where family == .ipv4: structure.compatRange?.redirection
        case (.target, "REDIRECT", 0): structure.range?.redirection
        case (.target, "SNAT", _), (.target, "MASQUERADE", _):
            [.translate(AddressTranslation(.source, family: UInt32(family.rawValue), addresses: nil))]
        default: nil
        }
    }
}

extension Table {
    /// The same with native expressions in the place of those extensions of iptables that have some.
    public var withNativeExtensions: Table {
        guard chains.contains(where: { $0.rules.contains(where: \.hasExtensions) }) else { return self }
        let chains = chains.map { chain in
            var native = chain
            native.rules = chain.rules.map { $0.hasExtensions ? $0.withNativeExtensions(name.family) : $0 }
            return native
        }
        return Table(name: name, flags: flags, userdata: userdata, chains: chains, sets: sets, objects: objects)
    }
}

extension Rule {
    fileprivate var hasExtensions: Bool { expressions.contains { if case .xtables = $0 { true } else { false } } }

    fileprivate func withNativeExtensions(_ family: TableFamily) -> Rule {
        var native = self
        native.expressions = expressions.flatMap { expression in
            guard case .xtables(let part) = expression else { return [expression] }
            return part.native(in: family) ?? [expression]
        }
        return native
    }
}

/// The structure of an extension, whose numbers are in host order unless said otherwise.
private struct HostOrderBytes {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A number of `Number`'s width at an offset; `nil` past the end.
    private func number<Number: FixedWidthInteger>(_: Number.Type, at offset: Int) -> Number? {
        guard let octets = octets(offset, Number.bitWidth / 8) else { return nil }
        let littleEndian = octets.reversed().reduce(Number(0)) { $0 << 8 | Number(truncatingIfNeeded: $1) }
        return Number(littleEndian: littleEndian)
    }

    private func octets(_ offset: Int, _ count: Int) -> [UInt8]? {
        offset + count <= bytes.count ? Array(bytes[offset..<(offset + count)]) : nil
    }

    /// Two ports in host order: the ends of a range.
    private func ports(at offset: Int) -> ClosedRange<UInt16>? {
        guard let lower = number(UInt16.self, at: offset), let upper = number(UInt16.self, at: offset + 2),
            lower <= upper
        else { return nil }
        return lower...upper
    }

    /// `struct xt_tcp` of `xt_tcpudp.h`: source ports, destination ports, option, mask and value of flags, inversions.
    var tcpMatch: [Expression]? {
        let optionOffset = 8
        guard let rest = octets(optionOffset, 4), rest[0] == 0, let ports = portMatches(inversions: rest[3]) else {
            return nil
        }
        guard rest[1] != 0 else { return ports }
        let flags = Payload(base: .transport, offset: 13, length: 1)
        let isInverted = rest[3] & 4 != 0  // XT_TCP_INV_FLAGS
        return ports + [
            .payload(flags), .bitwise(BitwiseMask(mask: [rest[1]])),
            .compare(Comparison(isInverted ? .notEqual : .equal, [rest[2]])),
        ]
    }

    /// `struct xt_udp` of `xt_tcpudp.h`: source ports, destination ports, inversions.
    var udpMatch: [Expression]? { octets(8, 1).flatMap { portMatches(inversions: $0[0]) } }

    /// Source ports at 0 and destination ports at 4; bit 0 and bit 1 invert them.
    private func portMatches(inversions: UInt8) -> [Expression]? {
        guard let source = ports(at: 0), let destination = ports(at: 4) else { return nil }
        return Self.match(source, offset: 0, isInverted: inversions & 1 != 0)
            + Self.match(destination, offset: 2, isInverted: inversions & 2 != 0)
    }

    /// A comparison of the port at an offset of the transport header.
    private static func match(_ ports: ClosedRange<UInt16>, offset: UInt32, isInverted: Bool) -> [Expression] {
        if ports == 0...UInt16.max && !isInverted { return [] }
        let range = RangeComparison(
            isInverted: isInverted, source: .first, lower: ports.lowerBound.bigEndianBytes,
            upper: ports.upperBound.bigEndianBytes)
        return [.payload(Payload(base: .transport, offset: offset, length: 2)), .range(range)]
    }

    /// `struct xt_multiport_v1`: which ports, their count, fifteen of them, fifteen marks of ranges, inversion.
    var multiportMatch: [Expression]? {
        let (destination, most): (UInt8, Int) = (1, 15)  // XT_MULTIPORT_DESTINATION, XT_MULTI_PORTS
        let (portsOffset, marksOffset) = (2, 2 + 2 * most)
        guard let head = octets(0, 2), head[0] == destination, head[1] <= most, let marks = octets(marksOffset, most),
            let inversion = octets(marksOffset + most, 1)
        else { return nil }
        var ranges: [ClosedRange<UInt16>] = []
        var index = 0
        while index < Int(head[1]) {
            let isRange = marks[index] != 0 && index + 1 < Int(head[1])
            guard let first = number(UInt16.self, at: portsOffset + 2 * index),
                let last = isRange ? number(UInt16.self, at: portsOffset + 2 * index + 2) : first, first <= last
            else { return nil }
            ranges.append(first...last)
            index += isRange ? 2 : 1
        }
        let elements = IntervalSet(ranges).ranges.map {
            SetElement(key: $0.lowerBound.bigEndianBytes, upper: $0.upperBound.bigEndianBytes)
        }
        let service: UInt32 = 13  // inet_service of nft
        let set = AnonymousSet(
            definition: SetDefinition(keyType: service, keyLength: 2, flags: [.anonymous, .constant, .interval]),
            elements: .list(elements))
        return [
            .payload(Payload(base: .transport, offset: 2, length: 2)),
            .lookup(Lookup(.anonymous(set), isInverted: inversion[0] != 0)),
        ]
    }

    /// `struct xt_addrtype_info_v1`: bits of source types, bits of destination types, flags.
    var addressTypeMatch: [Expression]? {
        guard let source = number(UInt16.self, at: 0), let destination = number(UInt16.self, at: 2),
            let flags = number(UInt32.self, at: 4), source == 0, destination.nonzeroBitCount == 1,
            flags & ~2 == 0  // XT_ADDRTYPE_INVERT_DEST alone
        else { return nil }
        let type = UInt32(destination.trailingZeroBitCount)
        return [
            .route(RouteLookup(.addressType, flags: .destination)),
            .compare(Comparison(flags == 0 ? .equal : .notEqual, type.hostOrderBytes)),
        ]
    }

    /// `struct xt_conntrack_mtinfo2` and, with four ports more, `struct xt_conntrack_mtinfo3`: eight addresses and masks, two
    /// times, the protocol, four ports, what is asked, what of it is inverted, and bits of states.
    var conntrackMatch: [Expression]? {
        let flagsOffset = 146
        let (asksState, isAlias): (UInt16, UInt16) = (1, 1 << 13)  // XT_CONNTRACK_STATE, XT_CONNTRACK_STATE_ALIAS
        guard let flags = number(UInt16.self, at: flagsOffset), flags & ~isAlias == asksState,
            let inversions = number(UInt16.self, at: flagsOffset + 2),
            let states = number(UInt16.self, at: flagsOffset + 4), let mask = Self.states(states)
        else { return nil }
        let isInverted = inversions & asksState != 0
        let nothing = [UInt8](repeating: 0, count: 4)
        return [
            .conntrack(ConntrackLoad(.state)), .bitwise(BitwiseMask(mask: mask.hostOrderBytes)),
            .compare(Comparison(isInverted ? .equal : .notEqual, nothing)),
        ]
    }

    /// The bits that nf_tables has for those of `XT_CONNTRACK_STATE_BIT`; `nil` with one of a translation, which is none of a
    /// state there.
    private static func states(_ bits: UInt16) -> UInt32? {
        let (common, untracked): (UInt16, UInt16) = (0b1111, 1 << 8)  // invalid, established, related, new
        guard bits & ~(common | untracked) == 0 else { return nil }
        return UInt32(bits & common) | (bits & untracked == 0 ? 0 : 1 << 6)  // NF_CT_STATE_UNTRACKED_BIT
    }

    /// `struct nf_nat_ipv4_multi_range_compat` with one range.
    var compatRange: TranslationRange? {
        guard number(UInt32.self, at: 0) == 1, let flags = number(UInt32.self, at: 4), let first = octets(8, 4),
            let last = octets(12, 4), let firstPort = octets(16, 2), let lastPort = octets(18, 2)
        else { return nil }
        return TranslationRange(flags: flags, addresses: (first, last), ports: (firstPort, lastPort))
    }

    /// `struct nf_nat_range` and, with one field more, `struct nf_nat_range2`.
    var range: TranslationRange? {
        guard let flags = number(UInt32.self, at: 0), let first = octets(4, 16), let last = octets(20, 16),
            let firstPort = octets(36, 2), let lastPort = octets(38, 2)
        else { return nil }
        return TranslationRange(flags: flags, addresses: (first, last), ports: (firstPort, lastPort))
    }
}

/// What a translation replaces by what, addresses and ports in network order.
private struct TranslationRange {
    /// `NF_NAT_RANGE_…` of `linux/netfilter/nf_nat.h`.
    let flags: UInt32
    let addresses: (first: [UInt8], last: [UInt8])
    let ports: (first: [UInt8], last: [UInt8])

    private static let second = Register(rawValue: 2)
    private static let third = Register(rawValue: 3)
    private static let fourth = Register(rawValue: 4)

    /// Whether addresses (`NF_NAT_RANGE_MAP_IPS`) and ports (`NF_NAT_RANGE_PROTO_SPECIFIED`) are replaced.
    private var replacesAddresses: Bool { flags & 1 != 0 }
    private var replacesPorts: Bool { flags & 2 != 0 }

    func destinationTranslation(_ family: TableFamily) -> [Expression]? {
        let length = family == .ipv4 ? 4 : 16
        let addressLoads = loads(addresses, length, Register.first, Self.second)
        let portLoads = loads(ports, 2, Self.third, Self.fourth)
        let translation = AddressTranslation(
            .destination, family: UInt32(family.rawValue), addresses: replacesAddresses ? addressLoads.pair : nil,
            ports: replacesPorts ? portLoads.pair : nil)
        return (replacesAddresses ? addressLoads.loads : []) + (replacesPorts ? portLoads.loads : [])
            + [.translate(translation)]
    }

    var redirection: [Expression]? {
        guard replacesPorts else { return [.redirect(PortRedirection(ports: nil))] }
        let portLoads = loads(ports, 2, Self.third, Self.fourth)
        return portLoads.loads + [.redirect(PortRedirection(ports: portLoads.pair))]
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

extension FixedWidthInteger {
    /// The most significant byte first.
    fileprivate var bigEndianBytes: [UInt8] {
        stride(from: bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
    }

    /// As they are in memory.
    fileprivate var hostOrderBytes: [UInt8] { Self(littleEndian: 1) == 1 ? bigEndianBytes.reversed() : bigEndianBytes }
}
