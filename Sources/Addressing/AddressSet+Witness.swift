extension AddressSet {
    /// One address of the set, to show or to try; `nil` for the empty set.
    ///
    /// The first address that can be the source of a packet. If the set starts below all of these, as `any` does, it is
    /// the documentation address 198.51.100.7 (RFC 5737) or 2001:db8::7 (RFC 3849), if the set has it.
    public var witness: AddressRange? {
        if let address = ipv4.witness(preferring: Self.exampleIPv4, notBelow: Self.lowestIPv4) {
            return .ipv4(address...address)
        }
        return ipv6.witness(preferring: Self.exampleIPv6, notBelow: Self.lowestIPv6).map { .ipv6($0...$0) }
    }

    /// 198.51.100.7 of TEST-NET-2, RFC 5737.
    private static let exampleIPv4: UInt32 = 198 << 24 | 51 << 16 | 100 << 8 | 7
    /// 2001:db8::7 of the documentation prefix, RFC 3849.
    private static let exampleIPv6: UInt128 = 0x2001_0db8 << 96 | 7
    /// 1.0.0.0: the addresses below are "this network", never the source of a packet (RFC 1122 3.2.1.3).
    private static let lowestIPv4: UInt32 = 1 << 24
    /// 2000::, the first global unicast address (RFC 4291 2.4).
    private static let lowestIPv6: UInt128 = 0x2000 << 112
}

extension IntervalSet {
    /// The lowest value if it is at least `threshold`; else `favourite`, the lowest from `threshold` on, or the lowest.
    fileprivate func witness(preferring favourite: Bound, notBelow threshold: Bound) -> Bound? {
        guard let lowest = ranges.first?.lowerBound else { return nil }
        if lowest >= threshold { return lowest }
        if contains(favourite) { return favourite }
        let range = ranges.first { $0.upperBound >= threshold }
        return range.map { Swift.max($0.lowerBound, threshold) } ?? lowest
    }
}
