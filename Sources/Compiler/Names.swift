public import Addressing
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

    /// The start of the names of the two sets of a group of sources.
    public static func group(_ name: String) -> String { "group-\(name)" }

    /// The start of the names of the two sets of sources that get nothing.
    public static let denied = "deny"

    /// The set that counts a service's new connections by their sources.
    public static func limiter(_ service: String, _ family: AddressFamily) -> String {
        "\(limiters)\(service)-\(family)"
    }

    /// The start of the names of limiters.
    static let limiters = "limit-"
}

extension Names {
    /// What the policy has a chain for.
    public enum ChainPurpose: Hashable, Sendable {
        /// It decides over the connections to a service of this name.
        case service(String)
        /// It is in the table whatever the services are, or is none of portreeve's.
        case other
    }

    /// What a chain of this name is for.
    public static func purpose(ofChain name: String) -> ChainPurpose {
        let prefix = [service(""), sources(""), admit("")].first(where: name.hasPrefix)
        return prefix.map { .service(String(name.dropFirst($0.count))) } ?? .other
    }

    /// What the policy has a set or a map for.
    public enum SetPurpose: Hashable, Sendable {
        /// It serves the services: their ports, their sources, their limits.
        case services
        /// It holds sources that get nothing.
        case denied
        /// It is none of portreeve's.
        case other
    }

    /// What a set of this name is for.
    public static func purpose(ofSet name: String) -> SetPurpose {
        let starts = [service(""), group(""), limiters, grants, ranges(""), published("")]
        if name == services || starts.contains(where: name.hasPrefix) { return .services }
        return name.hasPrefix("\(denied)-") ? .denied : .other
    }
}
