/// The family of a table; the raw value is `NFPROTO_…` of `linux/netfilter.h`.
public struct TableFamily: RawRepresentable, Hashable, Sendable {
    /// The kernel's number.
    public var rawValue: UInt8

    /// The family with this number, which may be unknown.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// IPv4 and IPv6 together.
    public static let inet = Self(rawValue: 1)
    /// IPv4.
    public static let ipv4 = Self(rawValue: 2)
    /// ARP.
    public static let arp = Self(rawValue: 3)
    /// Ingress and egress of a device.
    public static let netdev = Self(rawValue: 5)
    /// Bridges.
    public static let bridge = Self(rawValue: 7)
    /// IPv6.
    public static let ipv6 = Self(rawValue: 10)

    private static let names: [Self: String] = [
        .inet: "inet", .ipv4: "ip", .arp: "arp", .netdev: "netdev", .bridge: "bridge", .ipv6: "ip6",
    ]
}

extension TableFamily: CustomStringConvertible {
    /// The name in nft; `family-N` for an unknown family.
    public var description: String { Self.names[self] ?? "family-\(rawValue)" }
}
