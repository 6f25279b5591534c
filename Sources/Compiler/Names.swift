public import Rulesets

/// The names of everything in the table that portreeve owns.
///
/// Each kind has a prefix of its own, so that no policy can make two of one name, or one that is a keyword of nft.
public enum Names {
    /// The one table that portreeve writes to.
    public static let table = TableName(family: .inet, name: "portreeve")
    /// The table's comment; it never changes, because the kernel ignores a change of it.
    public static let tableComment = "managed by portreeve"

    /// The base chain of packets to this host.
    public static let input = "input"
    /// The base chain of packets through this host.
    public static let published = "published"
    /// The chain of connections that were redirected to a container.
    public static let redirected = "redirected"
    /// The chain that refuses.
    public static let refuse = "refuse"
    /// The chain of ICMP.
    public static let icmpv4 = "icmp-ipv4"
    /// The chain of ICMPv6.
    public static let icmpv6 = "icmp-ipv6"
    /// The chain of replies to this host's DHCPv6 client.
    public static let dhcpv6 = "dhcpv6-client"

    /// The map from protocol and port to the chain of a service.
    public static let services = "services"

    /// The map from a protocol's ports to the chains of services that are open on ranges.
    public static func ranges(_ transport: String) -> String { "ranges-\(transport)" }

    /// The map from a protocol's ports, as the client dialled them, to the chains of services.
    public static func published(_ transport: String) -> String { "published-\(transport)" }

    /// The chain that a service's packets go to.
    public static func service(_ name: String) -> String { "service-\(name)" }

    /// The chain that checks a service's sources, where interfaces are checked before.
    public static func sources(_ name: String) -> String { "sources-\(name)" }

    /// The start of the names of sets of sources that are let in to a service for a time.
    public static let grants = "grant-"

    /// The chain that limits and logs a service's connections, and lets them in.
    public static func admit(_ name: String) -> String { "admit-\(name)" }
}
