internal import Addressing

extension AddressSet {
    /// How many ranges a line names.
    static let shownRanges = 3

    /// The set in few words: `any`, or its first ranges and how many more there are.
    var text: String {
        if isEmpty { return "nobody" }
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
