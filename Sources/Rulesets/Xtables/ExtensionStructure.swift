internal import Addressing

/// The structure of an extension: numbers are in host byte order unless stated otherwise.
struct ExtensionStructure {
    private let info: [UInt8]

    init(_ info: [UInt8]) { self.info = info }

    /// The number at an offset; `nil` past the end.
    func number<Number: FixedWidthInteger>(_: Number.Type, at offset: Int) -> Number? {
        guard let bytes = bytes(offset, Number.bitWidth / 8) else { return nil }
        let littleEndian = bytes.reversed().reduce(Number(0)) { $0 << 8 | Number(truncatingIfNeeded: $1) }
        return Number(littleEndian: littleEndian)
    }

    /// `count` bytes at an offset; `nil` past the end.
    func bytes(_ offset: Int, _ count: Int) -> [UInt8]? {
        offset + count <= info.count ? Array(info[offset..<(offset + count)]) : nil
    }

    /// Two ports in host byte order, the ends of a range; `nil` if they are reversed.
    private func ports(at offset: Int) -> ClosedRange<UInt16>? {
        guard let lower = number(UInt16.self, at: offset), let upper = number(UInt16.self, at: offset + 2),
            lower <= upper
        else { return nil }
        return lower...upper
    }

    /// `struct xt_tcp` of `linux/netfilter/xt_tcpudp.h`: source ports, destination ports, option, mask of flags, value of
    /// flags, inversions.
    var tcpMatch: [Expression]? {
        let optionOffset = 8
        guard let rest = bytes(optionOffset, 4), rest[0] == 0, let ports = portMatches(inversions: rest[3]) else {
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

    /// `struct xt_udp` of `linux/netfilter/xt_tcpudp.h`: source ports, destination ports, inversions.
    var udpMatch: [Expression]? { bytes(8, 1).flatMap { portMatches(inversions: $0[0]) } }

    /// Source ports at offset 0 and destination ports at offset 4; bit 0 and bit 1 of `inversions` invert them.
    private func portMatches(inversions: UInt8) -> [Expression]? {
        guard let source = ports(at: 0), let destination = ports(at: 4) else { return nil }
        return Self.match(source, offset: 0, isInverted: inversions & 1 != 0)
            + Self.match(destination, offset: 2, isInverted: inversions & 2 != 0)
    }

    /// A match on the port at an offset in the transport header.
    private static func match(_ ports: ClosedRange<UInt16>, offset: UInt32, isInverted: Bool) -> [Expression] {
        if ports == 0...UInt16.max && !isInverted { return [] }
        let range = RangeComparison(
            isInverted: isInverted, source: .first, lower: ports.lowerBound.bigEndianBytes,
            upper: ports.upperBound.bigEndianBytes)
        return [.payload(Payload(base: .transport, offset: offset, length: 2)), .range(range)]
    }

    /// `struct xt_multiport_v1`: source or destination, count, 15 ports, 15 marks of ranges, inversion.
    var multiportMatch: [Expression]? {
        let destination: UInt8 = 1  // XT_MULTIPORT_DESTINATION
        let most = 15  // XT_MULTI_PORTS
        let portsOffset = 2
        let marksOffset = portsOffset + 2 * most
        guard let head = bytes(0, 2), head[0] == destination, head[1] <= most, let marks = bytes(marksOffset, most),
            let inversion = bytes(marksOffset + most, 1)
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
    ///
    /// With several types a match means something else for IPv6 (`match_type6`).
    func addressTypeMatch(_ family: TableFamily) -> [Expression]? {
        let (invertsSource, invertsDestination, isOfInput): (UInt32, UInt32, UInt32) = (1, 2, 4)  // XT_ADDRTYPE_…
        guard let source = number(UInt16.self, at: 0), let destination = number(UInt16.self, at: 2),
            let flags = number(UInt32.self, at: 4), flags < 8,
            family == .ipv4 || source.nonzeroBitCount < 2 && destination.nonzeroBitCount < 2
        else { return nil }
        let limit: RouteLookup.Flags = flags & isOfInput != 0 ? .inputInterface : []
        return Self.types(source, limit.union(.source), isInverted: flags & invertsSource != 0)
            + Self.types(destination, limit.union(.destination), isInverted: flags & invertsDestination != 0)
    }

    /// A match on the types of an address whose bits are set, `RTN_…` of `linux/rtnetlink.h`; none without bits.
    private static func types(_ bits: UInt16, _ flags: RouteLookup.Flags, isInverted: Bool) -> [Expression] {
        let types = (0..<UInt32(16)).filter { bits & 1 << $0 != 0 }
        guard let first = types.first else { return [] }
        let load = Expression.route(RouteLookup(.addressType, flags: flags))
        if types.count == 1 {
            return [load, .compare(Comparison(isInverted ? .notEqual : .equal, first.hostOrderBytes))]
        }
        let fibType: UInt32 = 21  // fib_addrtype of nft
        let set = AnonymousSet(
            definition: SetDefinition(keyType: fibType, keyLength: 4, flags: [.anonymous, .constant]),
            elements: .list(types.map { SetElement(key: $0.hostOrderBytes) }))
        return [load, .lookup(Lookup(.anonymous(set), isInverted: isInverted))]
    }

    /// `struct nf_nat_ipv4_multi_range_compat` with one range.
    var compatRange: TranslationRange? {
        guard number(UInt32.self, at: 0) == 1, let flags = number(UInt32.self, at: 4), let first = bytes(8, 4),
            let last = bytes(12, 4), let firstPort = bytes(16, 2), let lastPort = bytes(18, 2)
        else { return nil }
        return TranslationRange(flags: flags, addresses: (first, last), ports: (firstPort, lastPort))
    }

    /// `struct nf_nat_range`, and `struct nf_nat_range2`, which has one more field at its end.
    var range: TranslationRange? {
        guard let flags = number(UInt32.self, at: 0), let first = bytes(4, 16), let last = bytes(20, 16),
            let firstPort = bytes(36, 2), let lastPort = bytes(38, 2)
        else { return nil }
        return TranslationRange(flags: flags, addresses: (first, last), ports: (firstPort, lastPort))
    }
}
