import Addressing
import TestSupport

/// Hosts on a network behind the host under test, which is their gateway.
struct Inside {
    /// The host's interface to the network.
    static let interface = "inside"
    /// The networks.
    static let prefixes: [AddressFamily: String] = [.ipv4: "10.7.0.0/24", .ipv6: "fd00:7::/64"]

    /// The hosts, in the order of their numbers.
    let hosts: [Namespace]

    /// The address of a host of the network.
    static func address(_ number: Int, _ family: AddressFamily) throws -> IPAddress {
        try IPAddress(family == .ipv4 ? "10.7.0.\(number)" : "fd00:7::\(number)")
    }

    /// Connects new hosts with these numbers from 2 on.
    init(_ numbers: [Int], behind host: Namespace) throws {
        try host.set("ipv4/ip_forward", "1")
        try host.set("ipv6/conf/all/forwarding", "1")
        try host.ip(
            """
            link add \(Self.interface) type bridge
            link set \(Self.interface) addrgenmode none
            addr add 10.7.0.1/24 dev \(Self.interface)
            addr add fd00:7::1/64 dev \(Self.interface) nodad
            addr add fe80::1/64 dev \(Self.interface) nodad
            link set \(Self.interface) up
            """)
        // Where the kernel has br_netfilter, it would take the packets between two ports of the bridge through the hooks.
        for key in ["bridge-nf-call-iptables", "bridge-nf-call-ip6tables"] { try? host.set("bridge/\(key)", "0") }
        // Hosts that are told of a shorter way would take it: they are to answer through the gateway.
        for key in ["all", Self.interface] { try host.set("ipv4/conf/\(key)/send_redirects", "0") }
        hosts = try numbers.map { try Self.connect($0, to: host) }
        try host.waitForLink(Self.interface)
        for namespace in hosts { try namespace.waitForLink("eth0") }
    }

    private static func connect(_ number: Int, to host: Namespace) throws -> Namespace {
        let namespace = try Namespace.fresh()
        try host.ip(
            """
            link add port\(number) type veth peer name eth0 netns \(namespace.path)
            link set port\(number) addrgenmode none master \(interface) up
            """)
        try namespace.ip(
            """
            link set lo up
            link set eth0 addrgenmode none
            addr add 10.7.0.\(number)/24 dev eth0
            addr add fd00:7::\(number)/64 dev eth0 nodad
            link set eth0 up
            route add default via 10.7.0.1
            route add default via fd00:7::1
            """)
        return namespace
    }
}
