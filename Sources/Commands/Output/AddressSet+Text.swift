internal import Addressing

extension AddressSet {
    /// At most this many ranges are listed in a line.
    static let shownRanges = 3

    /// The set in a few words: `any`, or its first ranges and the count of the rest.
    var text: String {
        if isEmpty { return "no address" }
        if isAny { return "any" }
        let count = ipv4.ranges.count + ipv6.ranges.count
        let shown = texts(atMost: Self.shownRanges).joined(separator: ", ")
        return count > Self.shownRanges ? "\(shown) and \(count - Self.shownRanges) more" : shown
    }

    /// The first ranges, IPv4 before IPv6.
    func texts(atMost maximum: Int) -> [String] {
        let first = ipv4.ranges.prefix(maximum).map(IPv4Address.text(of:))
        return first + ipv6.ranges.prefix(maximum - first.count).map(IPv6Address.text(of:))
    }
}
