internal import Addressing
internal import Printing

extension AddressSet {
    /// At most this many ranges are listed in a line.
    static let shownRanges = 3

    /// The set in a few words: `any`, or its first ranges and the count of the rest.
    var text: String {
        if isEmpty { return "no address" }
        if isAny { return "any" }
        return texts(atMost: Self.shownRanges + 1).listed(atMost: Self.shownRanges, of: count)
    }

    /// The sources as clients: `anyone`, its first ranges, or `anyone but` the first ranges of the rest.
    var clientsText: String {
        if isAny { return "anyone" }
        let families = AddressSet(ipv4: ipv4.isEmpty ? IntervalSet() : .all, ipv6: ipv6.isEmpty ? IntervalSet() : .all)
        let rest = families.subtracting(self)
        guard rest.count < count else { return text }
        let all = families.isAny ? "anyone" : "any \(ipv4.isEmpty ? "IPv6" : "IPv4") address"
        return rest.isEmpty ? all : "\(all) but \(rest.text)"
    }

    /// The number of ranges.
    var count: Int { ipv4.ranges.count + ipv6.ranges.count }

    /// The first ranges, IPv4 before IPv6.
    func texts(atMost maximum: Int) -> [String] {
        let first = ipv4.ranges.prefix(maximum).map(IPv4Address.text(of:))
        return first + ipv6.ranges.prefix(maximum - first.count).map(IPv6Address.text(of:))
    }
}
