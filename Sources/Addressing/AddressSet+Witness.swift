extension AddressSet {
    /// One address of the set, to try it with; `nil` for the empty set.
    ///
    /// The first that a packet can come from; where the set begins below all of those, a stranger's if it has one
    /// (RFC 5737, RFC 3849).
    public var witness: AddressRange? {
        if let address = ipv4.witness(preferring: Self.stranger4, notBelow: Self.first4) {
            return .ipv4(address...address)
        }
        return ipv6.witness(preferring: Self.stranger6, notBelow: Self.first6).map { .ipv6($0...$0) }
    }

    /// 198.51.100.7 of TEST-NET-2.
    private static let stranger4: UInt32 = 198 << 24 | 51 << 16 | 100 << 8 | 7
    /// 2001:db8::7 of the documentation prefix.
    private static let stranger6: UInt128 = 0x2001_0db8 << 96 | 7
    /// 1.0.0.0: what is below is "this network" and no source of a packet (RFC 1122 3.2.1.3).
    private static let first4: UInt32 = 1 << 24
    /// 2000::, the first of the global unicast addresses (RFC 4291 2.4).
    private static let first6: UInt128 = 0x2000 << 112
}

extension IntervalSet {
    /// The lowest value where that is `threshold` or above; else `favourite`, or the lowest from `threshold` on, or any.
    fileprivate func witness(preferring favourite: Bound, notBelow threshold: Bound) -> Bound? {
        guard let lowest = ranges.first?.lowerBound else { return nil }
        if lowest >= threshold { return lowest }
        if contains(favourite) { return favourite }
        let range = ranges.first { $0.upperBound >= threshold }
        return range.map { Swift.max($0.lowerBound, threshold) } ?? lowest
    }
}
