import Addressing
import Glibc
import TestSupport
import Testing

@Suite("Published ports, by the address that was dialled", .privileged, .networkNamespace)
struct DialledTests {
    private let arena: Arena
    private let container: Container

    /// An address of a service inside of a cluster, which is no address of the host.
    private static let cluster: [AddressFamily: String] = [.ipv4: "10.96.0.10", .ipv6: "fd00:96::10"]
    private static let clients = ["192.0.2.1", "2001:db8::1"]

    init() throws {
        let network = try Network()
        container = try Container(behind: network.host)
        arena = Arena(network, try container.namespace.run { try Listeners() })
        // Clients send these addresses to the host; the host has routes to the container only.
        let wire = network.wire
        for address in Self.cluster.values + ["172.30.0.2", "fd00:30::2"] {
            try network.client.ip(
                """
                route add \(address) dev \(wire.clientInterface) table local
                neigh replace \(address) lladdr \(wire.hostHardware) dev \(wire.clientInterface) nud permanent
                """)
        }
    }

    /// Redirects ports to the container, whatever address was dialled: 8000 to 80, and the sentinel's.
    private func publish(priority: String = "dstnat") throws {
        let sentinel = RandomPolicy.sentinel.port
        for (family, target) in [("ip", "172.30.0.2"), ("ip6", "[fd00:30::2]")] {
            try NftProgram.load(
                """
                table \(family) engine {
                    chain prerouting {
                        type nat hook prerouting priority \(priority)
                        tcp dport 8000 dnat to \(target):80
                        tcp dport \(sentinel) dnat to \(target):\(sentinel)
                    }
                }
                """)
        }
    }

    private func check(_ outcome: Outcome) throws {
        try arena.check("8000/tcp", Dictionary(uniqueKeysWithValues: Self.clients.map { ($0, outcome) }))
    }

    @Test("A connection to another address than the host's is left alone, and one to the host's is decided")
    func cluster() throws {
        try publish()
        try Firewall.load("version: 1\nservices: {}")
        try check(.silent)
        arena.destination = { try IPAddress(Self.cluster[$0] ?? "") }
        try check(.accepted)
    }

    @Test(
        "A redirection is decided at whatever priority, and whether it is made before the policy or after it",
        arguments: ["-100", "-101", "-102", "-199", "0"], [true, false])
    func order(priority: String, isBefore: Bool) throws {
        if isBefore { try publish(priority: priority) }
        try Firewall.load("version: 1\nservices: {}")
        if !isBefore { try publish(priority: priority) }
        try check(.silent)
        try Firewall.load("version: 1\nservices: {web: {ports: 8000, from: any}}")
        try check(.accepted)
    }

    @Test("A limit counts a redirected connection once")
    func limit() throws {
        try publish()
        try Firewall.load("version: 1\nservices: {web: {ports: 8000, from: any, limit: {rate: 1/day, burst: 3}}}")
        for source in Self.clients {
            let outcomes: [Outcome] = [.accepted, .accepted, .accepted, .silent]
            try arena.check(outcomes.map { try .packet(from: source, to: "8000/tcp", $0) })
        }
    }

    @Test("A policy that ignores published ports adds no chain to prerouting, and one that does not keeps other labels")
    func labels() throws {
        try publish()
        try Firewall.load("version: 1\ndefaults: {published: ignore}\nservices: {}")
        #expect(!(try NftProgram.list("inet portreeve")).contains("prerouting"))
        try NftProgram.load(
            """
            table inet other {
                chain before { type filter hook prerouting priority -150; ct label set 3; }
                chain after { type filter hook forward priority 10; ct label 3 counter accept; counter drop; }
            }
            """)
        try Firewall.load("version: 1\nservices: {web: {ports: 8000, from: any}}")
        try check(.accepted)
    }

    /// Makes the host's interface to the container a port of a bridge, as engines do.
    private func bridge() throws {
        try arena.network.host.ip(
            """
            link add cni0 address 02:00:00:00:02:01 type bridge
            addr flush dev \(Container.interface)
            link set \(Container.interface) master cni0
            addr add 172.30.0.1/24 dev cni0
            addr add fd00:30::1/64 dev cni0 nodad
            link set cni0 up
            neigh replace 172.30.0.2 lladdr 02:00:00:00:02:02 dev cni0 nud permanent
            neigh replace fd00:30::2 lladdr 02:00:00:00:02:02 dev cni0 nud permanent
            """)
        try arena.network.host.waitForLink("cni0")
    }

    /// Whether a connection of a client to port 5000 of the container arrives.
    private func arrives(at family: AddressFamily) throws -> Bool {
        let listener = try container.namespace.run { try Socket.listening(.tcp, on: 5000) }
        let client = try arena.network.client.run {
            let socket = try Socket(.tcp, family)
            try socket.bind(to: Endpoint(address: IPAddress(family == .ipv4 ? "192.0.2.1" : "2001:db8::1"), port: 0))
            #expect(try socket.connect(to: Endpoint(address: Container.address(family), port: 5000)) == 0)
            return socket
        }
        return withExtendedLifetime(client) { listener.wait(for: POLLIN, milliseconds: 500) }
    }

    @Test("With routed: refuse a container does not answer at its own address, but at its published port")
    func routed() throws {
        try bridge()
        try publish()
        try Firewall.load("version: 1\ndefaults: {published: ignore}\nservices: {}")
        #expect(try arrives(at: .ipv4) && arrives(at: .ipv6))
        for published in ["ignore", "enforce"] {
            try Firewall.load(
                """
                version: 1
                defaults: {routed: refuse, published: \(published)}
                services: {web: {ports: 8000, from: any}}
                """)
            #expect(try !arrives(at: .ipv4) && !arrives(at: .ipv6))
            try check(.accepted)
        }
    }

    @Test("With routed: refuse the connections of a container pass")
    func outbound() throws {
        try bridge()
        try Firewall.load("version: 1\ndefaults: {routed: refuse}\nservices: {}")
        let address = try IPAddress("203.0.113.7")
        let listener = try arena.network.client.run { try Socket.listening(.tcp, on: 5000) }
        let session = try container.namespace.run {
            try Session(to: Endpoint(address: address, port: 5000), listener: listener)
        }
        #expect(session.exchanges())
    }
}
