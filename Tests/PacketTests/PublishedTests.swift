import Addressing
import Glibc
import TestSupport
import Testing

@Suite("Published ports", .privileged, .networkNamespace)
struct PublishedTests {
    private let arena: Arena
    private let container: Container
    private static let redirects: [(host: UInt16, container: UInt16)] = [(1, 1), (8000, 80), (444, 443), (5000, 5001)]

    init() throws {
        let network = try Network()
        container = try Container(behind: network.host)
        try Container.publish(Self.redirects)
        arena = Arena(network, try container.namespace.run { try Listeners() })
    }

    /// Routes the container's own addresses from the clients; no other host uses them then.
    private func routeToContainer() throws {
        let wire = arena.network.wire
        for family in AddressFamily.allCases {
            let address = try Container.address(family)
            try arena.network.client.ip(
                """
                route add \(address) dev \(wire.clientInterface) table local
                neigh replace \(address) lladdr \(wire.hostHardware) dev \(wire.clientInterface) nud permanent
                """)
        }
    }

    @Test("A published port without a service is closed, whatever its number in the container is")
    func undeclared() throws {
        for (inbound, outcome) in [("drop", Outcome.silent), ("reject", .answered)] {
            try Firewall.load(
                "version: 1\ndefaults: {inbound: \(inbound)}\nservices: {web: {ports: [80, 80/udp, 443], from: any}}")
            for port in ["8000/tcp", "8000/udp", "444/tcp"] {
                try arena.check(port, ["192.0.2.1": outcome, "2001:db8::1": outcome])
            }
        }
    }

    @Test("A declared published port is open to its sources, by its number on the host")
    func declared() throws {
        try Firewall.load(
            """
            version: 1
            deny: [192.0.2.66, "2001:db8::66"]
            services: {web: {ports: [8000, 440-450/udp], from: [192.0.2.0/24, "2001:db8::/64"]}}
            """)
        let sources: [String: Outcome] = [
            "192.0.2.1": .accepted, "192.0.3.1": .silent, "192.0.2.66": .silent, "2001:db8::1": .accepted,
            "2001:db8:0:1::1": .silent, "2001:db8::66": .silent,
        ]
        try arena.check("8000/tcp", sources)
        try arena.check("444/udp", sources)
        try arena.check("444/tcp", sources.mapValues { _ in .silent })
    }

    @Test("Interfaces, limits and logs apply to published ports")
    func conditions() throws {
        try Firewall.load(
            """
            version: 1
            services:
              web: {ports: 8000, from: any, limit: {rate: 1/day, burst: 2}, log: true, interfaces: ["et*"]}
              tls: {ports: 444, from: any, interfaces: [\(Container.interface)]}
            """)
        for source in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
            let outcomes: [Outcome] = [.accepted, .accepted, .silent, .silent]
            try arena.check(outcomes.map { try .packet(from: source, to: "8000/tcp", $0) })
        }
        try arena.check("444/tcp", ["192.0.2.1": .silent, "2001:db8::1": .silent])
    }

    @Test("With ignore they are left alone, even by a deny")
    func ignored() throws {
        try Firewall.load("version: 1\ndefaults: {published: ignore}\ndeny: [192.0.2.0/24]\nservices: {}")
        try arena.check("8000/tcp", ["192.0.2.1": .accepted, "2001:db8::1": .accepted])
    }

    @Test("Forwarded packets without a redirection are left alone")
    func plainForwarding() throws {
        try routeToContainer()
        arena.destination = Container.address
        try Firewall.load("version: 1\ndefaults: {inbound: reject}\ndeny: [192.0.2.0/24]\nservices: {}")
        try arena.check("22/tcp", ["192.0.2.1": .accepted, "2001:db8::1": .accepted])
        try arena.check("443/udp", ["192.0.2.1": .accepted, "2001:db8::1": .accepted])
    }

    @Test(
        "Replies pass, and a session survives a policy that closes its port, but not a deny",
        arguments: ["192.0.2.1", "2001:db8::1"])
    func established(source: String) throws {
        let listener = try container.namespace.run { try Socket.listening(.tcp, on: 5001) }
        let client = try IPAddress(source)
        let host = try arena.network.wire.host(client.family)
        try Firewall.load("version: 1\nservices: {web: {ports: 5000, from: any}}")
        let session = try arena.network.client.run {
            try Session(from: client, to: Endpoint(address: host, port: 5000), listener: listener)
        }
        #expect(session.exchanges())
        try Firewall.load("version: 1\nservices: {}")
        #expect(session.exchanges())
        try arena.check([.packet(from: source, to: "8000/tcp", .silent)])
        try Firewall.load("version: 1\ndeny: ['\(source)']\nservices: {web: {ports: 5000, from: any}}")
        #expect(session.client.send([2]) == 0)
        try arena.check([.packet(from: source, to: "8000/tcp", .silent)])
        #expect(session.server.receive() == nil)
    }

    @Test("Connections of a container to other hosts pass any policy", arguments: ["203.0.113.7", "2001:db8::7"])
    func outbound(destination: String) throws {
        try Firewall.load("version: 1\ndefaults: {inbound: reject}\nservices: {}")
        try routeToContainer()
        let address = try IPAddress(destination)
        let listener = try arena.network.client.run { try Socket.listening(.tcp, on: 5000) }
        let session = try container.namespace.run {
            try Session(to: Endpoint(address: address, port: 5000), listener: listener)
        }
        #expect(session.exchanges())
    }
}
