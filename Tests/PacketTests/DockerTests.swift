import Addressing
import TestSupport
import Testing

@Suite("Ports that Docker publishes through iptables-nft", .privileged, .networkNamespace)
struct DockerTests {
    private let arena: Arena
    private let container: Container

    init() throws {
        let network = try Network()
        container = try Container(behind: network.host)
        let rules = [("iptables-nft", "172.30.0.2", "127.0.0.0/8"), ("ip6tables-nft", "[fd00:30::2]", "::1/128")].map {
            program, address, loopback in
            """
            \(program) -t nat -N DOCKER
            \(program) -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
            \(program) -t nat -A OUTPUT ! -d \(loopback) -m addrtype --dst-type LOCAL -j DOCKER
            \(program) -t nat -A DOCKER -i \(Container.interface) -j RETURN
            \(program) -t nat -A DOCKER ! -i \(Container.interface) -p tcp -m tcp --dport 8000 -j DNAT --to-destination \(address):80
            \(program) -t nat -A DOCKER ! -i \(Container.interface) -p tcp -m multiport --dports 440:449 -j DNAT --to-destination \(address):443
            \(program) -t nat -A DOCKER ! -i \(Container.interface) -p tcp -m tcp --dport \(RandomPolicy.sentinel.port) -j DNAT --to-destination \(address)
            \(program) -t filter -N DOCKER
            \(program) -t filter -A FORWARD -o \(Container.interface) -j DOCKER
            \(program) -t filter -A DOCKER ! -i \(Container.interface) -o \(Container.interface) -j ACCEPT
            """
        }
        let result = try Program.run(["sh", "-ec", rules.joined(separator: "\n")])
        try #require(result.status == 0, "\(result.errors)")
        arena = Arena(network, try container.namespace.run { try Listeners() })
    }

    @Test("Open to all sources without a policy")
    func unprotected() throws {
        for port in ["8000/tcp", "444/tcp"] {
            try arena.check(port, ["192.0.2.1": .accepted, "2001:db8::1": .accepted])
        }
    }

    @Test("Closed without a service, and open to the sources of their service")
    func protected() throws {
        try Firewall.load(
            "version: 1\nservices: {web: {ports: [80, 443, 8000], from: [192.0.2.0/24, \"2001:db8::/64\"]}}")
        try arena.check("444/tcp", ["192.0.2.1": .silent, "2001:db8::1": .silent])
        try arena.check(
            "8000/tcp",
            [
                "192.0.2.1": .accepted, "192.0.3.1": .silent, "2001:db8::1": .accepted, "2001:db8:0:1::1": .silent,
            ])
    }
}
