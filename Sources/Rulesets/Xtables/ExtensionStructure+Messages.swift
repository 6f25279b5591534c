internal import Addressing

extension ExtensionStructure {
    /// `struct ipt_icmp` and `struct ip6t_icmp`: the type, the lowest and the highest code, an inversion.
    ///
    /// - Parameter anyType: the type that stands for every type, as for IPv4 (`icmp_type_code_match` of the kernel).
    /// - Returns: the test of type and code; `nil` for a structure that is too short or has other flags.
    func messageMatch(anyType: UInt8?) -> [Expression]? {
        guard let parts = bytes(0, 4), parts[3] < 2, parts[1] <= parts[2] else { return nil }
        let isInverted = parts[3] == 1
        guard parts[0] != anyType else { return isInverted ? nil : [] }
        if parts[1] == 0, parts[2] == .max {
            return [
                .payload(Payload(base: .transport, offset: 0, length: 1)),
                .compare(Comparison(isInverted ? .notEqual : .equal, [parts[0]])),
            ]
        }
        let range = RangeComparison(
            isInverted: isInverted, source: .first, lower: [parts[0], parts[1]], upper: [parts[0], parts[2]])
        return [.payload(Payload(base: .transport, offset: 0, length: 2)), .range(range)]
    }

    /// `struct ipt_ttl_info` and `struct ip6t_hl_info`: an operator and a number of hops, at an offset of the header of IP.
    func hopLimitMatch(offset: UInt32) -> [Expression]? {
        // IPT_TTL_EQ, IPT_TTL_NE, IPT_TTL_LT, IPT_TTL_GT, and the same of IP6T_HL_….
        let operators: [Comparison.Operator] = [.equal, .notEqual, .less, .greater]
        guard let parts = bytes(0, 2), Int(parts[0]) < operators.count else { return nil }
        return [
            .payload(Payload(base: .network, offset: offset, length: 1)),
            .compare(Comparison(operators[Int(parts[0])], [parts[1]])),
        ]
    }

    /// `struct xt_rpfilter_info`: flags `XT_RPFILTER_…`.
    var returnRouteMatch: [Expression]? {
        let (loose, mark, local, inverted): (UInt8, UInt8, UInt8, UInt8) = (1 << 0, 1 << 1, 1 << 2, 1 << 3)
        guard let flags = bytes(0, 1)?.first, flags & ~(loose | mark | local | inverted) == 0 else { return nil }
        var query: RouteLookup.Flags = [.source, .isPresent]
        if flags & loose == 0 { query.insert(.inputInterface) }
        if flags & mark != 0 { query.insert(.mark) }
        return [
            .route(RouteLookup(.interface, flags: query)),
            .compare(Comparison(flags & inverted == 0 ? .notEqual : .equal, [0])),
        ]
    }

    /// `struct xt_iprange_mtinfo`: the lowest and the highest source, the same of the destination, flags.
    func addressRangeMatch(_ family: TableFamily) -> [Expression]? {
        let flagsOffset = 64
        guard let flags = bytes(flagsOffset, 1)?.first, flags & ~0x33 == 0 else { return nil }
        // IPRANGE_SRC and IPRANGE_DST, and their inversions four bits above.
        let (source, destination) = (
            range(at: 0, family, isSource: true, flags & 0x10 != 0),
            range(at: 32, family, isSource: false, flags & 0x20 != 0)
        )
        guard let source, let destination else { return nil }
        return (flags & 1 != 0 ? source : []) + (flags & 2 != 0 ? destination : [])
    }

    /// A test of an address of the network header: RFC 791 3.1, RFC 8200 3.
    private func range(at offset: Int, _ family: TableFamily, isSource: Bool, _ isInverted: Bool) -> [Expression]? {
        let isIPv4 = family == .ipv4
        let length = isIPv4 ? 4 : 16
        guard let lower = bytes(offset, length), let upper = bytes(offset + 16, length) else { return nil }
        let start = isIPv4 ? (isSource ? 12 : 16) : (isSource ? 8 : 24)
        return [
            .payload(Payload(base: .network, offset: UInt32(start), length: UInt32(length))),
            .range(RangeComparison(isInverted: isInverted, source: .first, lower: lower, upper: upper)),
        ]
    }
}
