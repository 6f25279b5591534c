import Addressing
import TestSupport

/// A namespace behind the host, as container engines make them: with its own network, and a route through the host.
struct Container {
    /// The host's interface to the container.
    static let interface = "br-container"

    let namespace: Namespace

    /// The container's address of the family.
    static func address(_ family: AddressFamily) throws -> IPAddress {
        try IPAddress(family == .ipv4 ? "172.30.0.2" : "fd00:30::2")
    }

    /// Connects a new container to the host.
    init(behind host: Namespace) throws {
        namespace = try Namespace.fresh()
        try host.set("ipv4/ip_forward", "1")
        try host.set("ipv6/conf/all/forwarding", "1")
        try host.ip(
            """
            link add \(Self.interface) address 02:00:00:00:02:01 type veth peer name eth0 address 02:00:00:00:02:02 netns \(namespace.path)
            addr add 172.30.0.1/24 dev \(Self.interface)
            addr add fd00:30::1/64 dev \(Self.interface) nodad
            link set \(Self.interface) up
            neigh replace 172.30.0.2 lladdr 02:00:00:00:02:02 dev \(Self.interface) nud permanent
            neigh replace fd00:30::2 lladdr 02:00:00:00:02:02 dev \(Self.interface) nud permanent
            """)
        try namespace.ip(
            """
            link set lo up
            addr add 172.30.0.2/24 dev eth0
            addr add fd00:30::2/64 dev eth0 nodad
            link set eth0 up
            neigh replace 172.30.0.1 lladdr 02:00:00:00:02:01 dev eth0 nud permanent
            neigh replace fd00:30::1 lladdr 02:00:00:00:02:01 dev eth0 nud permanent
            route add default via 172.30.0.1
            route add default via fd00:30::1
            """)
        try host.waitForLink(Self.interface)
        try namespace.waitForLink("eth0")
    }

    /// Redirects ports of the host to ports of the container, in the calling thread's namespace, with tables like those
    /// of container engines.
    static func publish(_ ports: [(host: UInt16, container: UInt16)]) throws {
        for (family, address) in [("ip", "172.30.0.2"), ("ip6", "[fd00:30::2]")] {
            let rules = ["tcp", "udp"].flatMap { transport in
                ports.map { "iifname != \(interface) \(transport) dport \($0.host) dnat to \(address):\($0.container)" }
            }
            try NftProgram.load(
                """
                table \(family) nat {
                    chain prerouting {
                        type nat hook prerouting priority dstnat;
                        \(rules.joined(separator: "\n"))
                    }
                }
                """)
        }
    }
}
