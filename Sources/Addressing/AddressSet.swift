/// The address families of a policy.
public enum AddressFamily: String, Hashable, Sendable, CaseIterable {
    /// IPv4, RFC 791: addresses of 32 bits.
    case ipv4
    /// IPv6, RFC 8200: addresses of 128 bits.
    case ipv6
}

extension AddressFamily: CustomStringConvertible {
    /// The name, as the policy and the names of sets have it; without this, text with a family would be made by reflection.
    public var description: String { rawValue }
}

/// A set of IPv4 and IPv6 addresses in host byte order.
public struct AddressSet: Hashable, Sendable {
    /// The IPv4 part: addresses as 32-bit numbers, the first byte most significant.
    public var ipv4: IntervalSet<UInt32>
    /// The IPv6 part: addresses as 128-bit numbers, the first byte most significant.
    public var ipv6: IntervalSet<UInt128>

    /// The set of these addresses; empty unless given.
    public init(ipv4: IntervalSet<UInt32> = IntervalSet(), ipv6: IntervalSet<UInt128> = IntervalSet()) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
    }

    /// Every address of both families.
    public static let any = AddressSet(ipv4: .all, ipv6: .all)

    /// The loopback addresses: 127.0.0.0/8 (RFC 1122 3.2.1.3) and ::1 (RFC 4291 2.5.3).
    ///
    /// Packets from these arrive on `lo` only.
    public static let loopback = AddressSet(
        ipv4: IntervalSet([0x7f00_0000...0x7fff_ffff]), ipv6: IntervalSet([1...1]))

    /// Sources that no packet from another host can have: the kernel drops such packets as martians.
    ///
    /// IPv4: this network but 0.0.0.0, loopback, multicast and the limited broadcast (`ip_route_input_slow` of the kernel,
    /// RFC 1122 3.2.1.3). IPv6: loopback and multicast (`ip6_rcv_core`).
    public static let impossible = AddressSet(
        ipv4: IntervalSet([1...0x00ff_ffff, 0x7f00_0000...0x7fff_ffff, 0xe000_0000...0xefff_ffff, .max ... .max]),
        ipv6: IntervalSet([1...1, 0xff << 120 ... .max]))

    /// Whether the set is empty.
    public var isEmpty: Bool { ipv4.isEmpty && ipv6.isEmpty }

    /// The lowest address as a number, by which sets of one family are sorted; IPv4 before IPv6, and 0 for the empty set.
    public var lowest: UInt128 {
        ipv4.ranges.first.map { UInt128($0.lowerBound) } ?? ipv6.ranges.first?.lowerBound ?? 0
    }

    /// Whether the set has every address of both families.
    public var isAny: Bool { ipv4.isAll && ipv6.isAll }

    /// The addresses that are in either set.
    public func union(_ other: Self) -> Self { Self(ipv4: ipv4.union(other.ipv4), ipv6: ipv6.union(other.ipv6)) }

    /// The addresses that are in both sets.
    public func intersection(_ other: Self) -> Self {
        Self(ipv4: ipv4.intersection(other.ipv4), ipv6: ipv6.intersection(other.ipv6))
    }

    /// The addresses of these families.
    public func intersection(_ families: Set<AddressFamily>) -> Self {
        Self(
            ipv4: families.contains(.ipv4) ? ipv4 : IntervalSet(),
            ipv6: families.contains(.ipv6) ? ipv6 : IntervalSet())
    }

    /// The addresses that are not in `other`.
    public func subtracting(_ other: Self) -> Self {
        Self(ipv4: ipv4.subtracting(other.ipv4), ipv6: ipv6.subtracting(other.ipv6))
    }

    /// Whether every address of `other` is in the set.
    public func isSuperset(of other: Self) -> Bool { other.subtracting(self).isEmpty }
}

extension AddressSet {
    /// The set of these ranges, which may overlap and touch.
    ///
    /// Not generic: a module that collects half a million of them gets specialized code.
    public init(ipv4: consuming [ClosedRange<UInt32>], ipv6: consuming [ClosedRange<UInt128>]) {
        self.init(ipv4: IntervalSet(ipv4), ipv6: IntervalSet(ipv6))
    }
}
