import Addressing
import Glibc

/// A veth pair between the host under test and its clients.
struct Wire {
    /// The host's end.
    let interface: String
    /// The number from which the wire's addresses and names are made.
    let number: Int

    /// The clients' end.
    var clientInterface: String { "client\(number)" }
    /// The index of the clients' end, in their namespace.
    var clientIndex: UInt32 { unsafe if_nametoindex(clientInterface) }
    var hostAddresses: [AddressFamily: String] { [.ipv4: "10.255.0.\(number)", .ipv6: "fd00:ffff::\(number)"] }
    var hostHardware: String { "02:00:00:00:00:0\(number)" }
    var clientHardware: String { "02:00:00:00:01:0\(number)" }

    /// The host's address of the family.
    func host(_ family: AddressFamily) throws -> IPAddress { try IPAddress(hostAddresses[family] ?? "") }
}

/// A host and clients that send from any address of either family.
///
/// The host is the namespace of the calling thread. The clients share a namespace in which every address is local, so
/// that a `bind` is enough to be any client.
struct Network {
    let host: Namespace
    let client: Namespace
    let wires: [Wire]

    /// Connects the calling thread's namespace.
    ///
    /// - Parameters:
    ///   - interfaces: the names of the host's interfaces.
    ///   - knowsNeighbours: whether both sides have static neighbour entries, and need no discovery.
    /// - Throws: the error of `ip` or of a system call.
    init(interfaces: [String] = ["eth0"], knowsNeighbours: Bool = true) throws {
        (host, client) = (try Namespace.current(), try Namespace.fresh())
        wires = interfaces.enumerated().map { Wire(interface: $1, number: $0 + 1) }
        try host.ip("link set lo up")
        try client.ip(
            "link set lo up\nroute add local 0.0.0.0/0 dev lo table local\nroute add local ::/0 dev lo table local")
        for namespace in [host, client] { try Self.makePlain(namespace) }
        for wire in wires { try add(wire, knowsNeighbours: knowsNeighbours) }
        try host.ip(
            "route add default via 169.254.0.2 dev \(wires[0].interface) onlink\nroute add default via fe80::2 dev \(wires[0].interface)"
        )
    }

    /// The only link-local address of clients.
    static let linkLocalSource = IPAddress.ipv6(0xfe80 << 112 | 2)
    /// The link-local address of the host on every wire.
    static let linkLocalHost = IPAddress.ipv6(0xfe80 << 112 | 1)

    /// The first wire.
    var wire: Wire { wires[0] }

    /// Disables reverse path filtering and the rate limit of ICMP errors.
    private static func makePlain(_ namespace: Namespace) throws {
        try namespace.set("ipv4/conf/all/rp_filter", "0")
        try namespace.set("ipv4/conf/default/rp_filter", "0")
        try namespace.set("ipv4/icmp_ratemask", "0")
        try namespace.set("ipv6/icmp/ratemask", "0")
    }

    private func add(_ wire: Wire, knowsNeighbours: Bool) throws {
        let (near, far) = (wire.interface, wire.clientInterface)
        try host.ip(
            """
            link add \(near) address \(wire.hostHardware) type veth peer name \(far) address \(wire.clientHardware) netns \(client.path)
            link set \(near) addrgenmode none
            addr add \(wire.hostAddresses[.ipv4] ?? "")/32 dev \(near)
            addr add \(wire.hostAddresses[.ipv6] ?? "")/128 dev \(near) nodad
            addr add fe80::1/64 dev \(near) nodad
            link set \(near) up
            """)
        try client.ip(
            """
            link set \(far) addrgenmode none
            addr add fe80::2/64 dev \(far) nodad
            link set \(far) up
            route add \(wire.hostAddresses[.ipv4] ?? "")/32 dev \(far) table local
            route add \(wire.hostAddresses[.ipv6] ?? "")/128 dev \(far) table local
            """)
        try host.waitForLink(near)
        try client.waitForLink(far)
        if knowsNeighbours { try introduce(wire) }
    }

    private func introduce(_ wire: Wire) throws {
        try host.ip(
            ["169.254.0.2", "fe80::2"].map {
                "neigh replace \($0) lladdr \(wire.clientHardware) dev \(wire.interface) nud permanent\n"
            }.joined())
        try client.ip(
            (wire.hostAddresses.values + ["fe80::1"]).map {
                "neigh replace \($0) lladdr \(wire.hostHardware) dev \(wire.clientInterface) nud permanent\n"
            }.joined())
    }
}
