public import Addressing
internal import Policies
public import Rulesets

/// The names of all objects in portreeve's table.
///
/// Each kind of object has its own prefix, so that names from a policy can neither collide nor be keywords of nft.
public enum Names {
    /// The only table that portreeve writes to.
    public static let table = TableName(family: .inet, name: "portreeve")
    /// The comment of the table; it never changes, because the kernel ignores a change.
    public static let tableComment = "managed by portreeve"

    /// The base chain for packets to this host.
    public static let input = "input"
    /// The base chain that marks new connections before any table translates their destination.
    public static let dialled = "dialled"
    /// The chain that labels those that were dialled at an address of this host.
    public static let destinations = "destinations"
    /// The base chain for packets through this host.
    public static let published = "published"
    /// The base chain that refuses connections to containers which do not publish the port.
    public static let routed = "routed"
    /// The chain for connections that were redirected to a container, or forwarded.
    public static let redirected = "redirected"
    /// The base chain that translates the destination of packets that arrive.
    public static let natPrerouting = "nat-prerouting"
    /// The base chain that translates the destination of packets of this host.
    public static let natOutput = "nat-output"
    /// The base chain that translates the source of packets that leave.
    public static let natPostrouting = "nat-postrouting"
    /// The chain that finds the forward of a port, and the map from protocol and port to the chain of a forward.
    public static let forwards = "forwards"
    /// The chain that refuses packets.
    public static let refuse = "refuse"
    /// The chain that logs packets of the sources in `deny`, and drops them.
    public static let deniedSources = "denied"
    /// The chain for ICMP.
    public static let icmpv4 = "icmp-ipv4"
    /// The chain for ICMPv6.
    public static let icmpv6 = "icmp-ipv6"
    /// The chain for the messages of the link that are IGMP.
    public static let linkIGMP = "link-igmp"
    /// The chain for the messages of the link that are ICMPv6.
    public static let linkICMPv6 = "link-icmpv6"
    /// The chain for replies to this host's DHCPv6 client.
    public static let dhcpv6 = "dhcpv6-client"

    /// The chain for echo requests of a family that share a limit, and the set of their sources.
    static func ping(_ family: AddressFamily) -> String { "\(pings)-\(family)" }

    /// The start of the names of these sets.
    static let pings = "ping"

    /// The base chain for packets that this host sends.
    public static let output = "output"
    /// The chain for ICMP that this host sends.
    static let outboundICMPv4 = "outbound-icmp-ipv4"
    /// The chain for ICMPv6 that this host sends.
    static let outboundICMPv6 = "outbound-icmp-ipv6"
    /// The chain for the requests of this host's DHCP client.
    static let outboundDHCPv4 = "outbound-dhcp-ipv4"
    /// The chain for the requests of this host's DHCPv6 client.
    static let outboundDHCPv6 = "outbound-dhcp-ipv6"
    /// The chain that refuses the connections that no line of `outbound` lets out.
    public static let outboundRefuse = "outbound-refuse"
    /// The chain that counts them, and lets them out.
    public static let outboundAudit = "outbound-audit"

    /// The chain for the connections that no line of `outbound` lets out.
    static func outboundRest(_ mode: Defaults.Outbound) -> String { mode == .audit ? outboundAudit : outboundRefuse }

    /// The map from protocol and destination port to the chain of a line of `outbound`.
    public static let outbound = "outbound"

    /// The map from the destination ports of a protocol to the chains of lines with ranges of ports.
    public static func outboundRanges(_ transport: String) -> String { "outbound-ranges-\(transport)" }

    /// The chain of a line of `outbound`, and the start of the names of the sets of its destinations.
    public static func line(_ name: String) -> String { "out-\(name)" }

    /// The chain that limits, logs and accepts the connections of a line of `outbound`.
    public static func lineAdmission(_ name: String) -> String { "out-\(name).admit" }

    /// The chain of a port that several lines of `outbound` have, and the start of the names of its maps.
    static func sharedPort(_ port: ServicePort) -> String {
        guard port.transport.hasPorts else { return "outbound-port-\(port.transport.rawValue)" }
        let range = port.range
        let ports = range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        return "outbound-port-\(port.transport.name)-\(ports)"
    }

    /// The map from protocol and port to the chain of a service.
    public static let services = "services"

    /// The map from the ports of a protocol to the chains of services with ranges of ports.
    public static func ranges(_ transport: String) -> String { "ranges-\(transport)" }

    /// The map from the dialled ports of a protocol to the chains of services.
    public static func published(_ transport: String) -> String { "published-\(transport)" }

    /// The chain, and the start of the names of its maps, that finds a service with `addresses` by the dialled address.
    static func addresses(_ service: String) -> String { "addresses-\(service)" }

    /// The chain, and the start of the names of its maps, for a port that services with `addresses` share.
    static func addresses(of port: ServicePort) -> String {
        guard port.transport.hasPorts else { return "port-\(port.transport.rawValue)" }
        let range = port.range
        let ports = range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        return "port-\(port.transport.name)-\(ports)"
    }

    /// The map from the ports of a protocol to the chains of forwards with ranges of ports.
    public static func forwardRanges(_ transport: String) -> String { "\(forwards)-\(transport)" }

    /// The chain that chooses the target of a forward.
    public static func forward(_ name: String) -> String { "forward-\(name)" }

    /// The chain that translates the destination to one of several targets, counted from 0.
    static func target(_ name: String, _ index: Int) -> String { "target-\(name).\(index)" }

    /// The chain, and the start of the names of its maps, that finds a forward by the dialled address, beside the chain with
    /// this name that finds a service.
    static func translated(_ chain: String) -> String { "translated-\(chain)" }

    /// The chain that does the same for redirected connections as the chain with this name.
    static func redirected(_ chain: String) -> String { "\(redirected)-\(chain)" }

    /// The first chain for the packets of a service.
    public static func service(_ name: String) -> String { "service-\(name)" }

    /// The chain that checks the sources of a service with interfaces.
    public static func sources(_ name: String) -> String { "sources-\(name)" }

    /// The chain of an entry of `allow` with interfaces or expiry.
    public static func entry(_ name: String) -> String { "entry-\(name)" }

    /// The chain of an entry of `trusted`.
    public static func trusted(_ name: String) -> String { "trusted-\(name)" }

    /// The prefix of the names of sets with granted sources.
    public static let grants = "grant-"

    /// The start of the names of sets with banned sources.
    public static let bans = "ban-"

    /// The chain that limits, logs and accepts the connections of a service.
    public static func admit(_ name: String) -> String { "admit-\(name)" }

    /// The chain that logs the connections of a service beyond its limits, and drops them.
    public static func limited(_ name: String) -> String { "limited-\(name)" }

    /// The prefix of the names of the two sets of a group of sources.
    public static func group(_ name: String) -> String { "group-\(name)" }

    /// The prefix of the names of the two sets of `deny`.
    public static let denied = "deny"

    /// The set that limits the new connections of a service by source.
    public static func limiter(_ service: String, _ family: AddressFamily) -> String {
        "\(limiters)\(service)-\(family)"
    }

    /// The prefix of the names of these sets.
    static let limiters = "limit-"

    /// The set that counts the connections at once to a service by source.
    public static func counter(_ service: String, _ family: AddressFamily) -> String {
        "\(counters)\(service)-\(family)"
    }

    /// The prefix of the names of these sets.
    static let counters = "connections-"

    /// The start of the names of sets with the networks of `hairpin`.
    static let hairpins = "hairpin-"

    /// The chain, and the start of the names of the sets, of an entry of `masquerade`.
    public static func masquerade(_ name: String) -> String { "masquerade-\(name)" }
}

extension Names {
    /// The chains that a service, or an entry of its `allow`, can have.
    public static func chains(of name: String) -> [String] {
        [service(name), sources(name), entry(name), admit(name), limited(name), forward(name), "target-\(name)"]
    }

    /// The purpose of a chain.
    public enum ChainPurpose: Hashable, Sendable {
        /// It decides on the connections to the service with this name.
        case service(String)
        /// It finds a service by the address that the client dialled.
        case addresses
        /// It lets in everything that the entry of `trusted` with this name does.
        case trusted(String)
        /// It changes the sources of the entry of `masquerade` with this name.
        case masquerade(String)
        /// It lets out the connections of the line of `outbound` with this name.
        case line(String)
        /// It finds a line of `outbound`, or decides on connections that none lets out.
        case outbound
        /// It does not belong to a service, or is not portreeve's.
        case other
    }

    /// The purpose of the chain with this name.
    public static func purpose(ofChain name: String) -> ChainPurpose {
        if name.hasPrefix(trusted("")) { return .trusted(String(name.dropFirst(trusted("").count))) }
        if name.hasPrefix(masquerade("")) { return .masquerade(String(name.dropFirst(masquerade("").count))) }
        if let line = lineName(ofChain: name) { return .line(line) }
        if name == output || name.hasPrefix("\(outbound)-") { return .outbound }
        if dispatchers.contains(where: name.hasPrefix) { return .addresses }
        let prefix = chains(of: "").first(where: name.hasPrefix)
        // An entry of `allow` has a name of its own after a dot.
        return prefix.map { .service(String(name.dropFirst($0.count).prefix { $0 != "." })) } ?? .other
    }

    /// The name of the line of `outbound` that has the chain; `nil` for other chains.
    static func lineName(ofChain name: String) -> String? {
        guard name.hasPrefix(line("")) else { return nil }
        // No name of a line has a dot.
        return String(name.dropFirst(line("").count).prefix { $0 != "." })
    }

    /// The purpose of a set or a map.
    public enum SetPurpose: Hashable, Sendable {
        /// It has the ports, the sources or the limits of services.
        case services
        /// It has the sources of `deny`, or banned ones.
        case denied
        /// It is not portreeve's.
        case other
    }

    /// The starts of the names of chains that find a service by the address that the client dialled, and of their maps.
    static let dispatchers =
        [addresses(""), "port-", redirected(addresses("")), redirected("port-")]
        + [translated(addresses("")), translated("port-")]

    /// The purpose of the set with this name.
    public static func purpose(ofSet name: String) -> SetPurpose {
        let starts =
            [service(""), trusted(""), group(""), limiters, counters, grants, ranges(""), published(""), line("")]
            + [forwardRanges(""), hairpins, masquerade(""), "\(outbound)-"] + dispatchers
        let maps = [services, forwards, outbound]
        if maps.contains(name) || starts.contains(where: name.hasPrefix) { return .services }
        return name.hasPrefix("\(denied)-") || name.hasPrefix(bans) ? .denied : .other
    }
}

extension Names {
    /// The chains that accept what a host needs, whatever the policy says: ICMP errors, messages of the link and DHCPv6.
    public static let chainsOfEveryHost: Set<String> = [icmpv4, icmpv6, linkIGMP, linkICMPv6, dhcpv6]
}
