import Addressing
import Auditing
import Compiler
import Listeners
import Policies
import Reachability
import Rulesets
import Testing

@Suite("Ports that no client reaches after a change")
struct ReachabilityLossTests {
    private func loss(_ before: [Table], _ after: [Table], _ services: Service...) throws -> ReachabilityLoss {
        ReachabilityLoss(
            from: AccessRegions(before, in: Circumstances(now: 0)),
            to: AccessRegions(after, in: Circumstances(now: 0)), of: Policy(services: services))
    }

    private let ephemeral = EphemeralPorts(range: 32768...60999)
    private static let open = Table.filter([])
    private static let closed = Table.filter([], policy: .drop)

    private func finding(
        _ port: UInt16, _ address: String, service: String? = nil, process: SocketProcess? = nil
    ) throws -> Finding {
        Finding(
            .unreachableListener, .error, "", service: service, port: try AuditedPort(.tcp, port, at: address),
            process: process)
    }

    @Test("A listener that is open before and closed after")
    func lost() throws {
        let process = SocketProcess("/usr/sbin/nginx")
        let listeners = [try Listener("0.0.0.0", 80, owners: .processes([process])), try Listener("0.0.0.0", 22)]
        let after = [Table.filter([.tcp(22, .accept)], policy: .drop)]
        let found = try loss([Self.open], after).listeners(listeners, ephemeral)
        #expect(found.facts == [try finding(80, "0.0.0.0", process: process)])
        #expect(found[0].message.contains("nginx"))
    }

    @Test("No loss where it stays open, or was closed before")
    func none() throws {
        let listeners = [try Listener("0.0.0.0", 80)]
        #expect(try loss([Self.open], [Self.open]).listeners(listeners, ephemeral) == [])
        #expect(try loss([Self.closed], [Self.closed]).listeners(listeners, ephemeral) == [])
        #expect(try loss([Self.closed], [Self.open]).listeners(listeners, ephemeral) == [])
    }

    @Test("The service of the port is named, and the findings are in the order of the ports")
    func service() throws {
        let listeners = [try Listener("0.0.0.0", 443), try Listener("0.0.0.0", 80)]
        let found = try loss([Self.open], [Self.closed], try Service("web", "80/tcp")).listeners(listeners, ephemeral)
        #expect(found.facts == [try finding(80, "0.0.0.0", service: "web"), try finding(443, "0.0.0.0")])
    }

    @Test("A loss on one of two families is told with the family")
    func family() throws {
        let ipv6: [Expression] = [.meta(.networkProtocol, into: .first), .compare(Comparison([10]))]
        let after = [Table.filter([Rule(ipv6 + [.verdict(.drop)])])]
        let found = try loss([Self.open], after).listeners([try Listener("::", 80)], ephemeral)
        #expect(found.facts == [try finding(80, "::")])
        #expect(found[0].message.contains("IPv6"))
    }

    static let quiet: [(String, UInt16, TransportProtocol)] = [
        ("127.0.0.1", 80, .tcp), ("0.0.0.0", 40000, .udp), ("0.0.0.0", 8080, .tcp),
    ]

    @Test("Loopback, clients and the proxy of a published port are not named", arguments: quiet)
    func exempt(address: String, port: UInt16, transport: TransportProtocol) throws {
        let before = [Self.open, Table.translation([.tcp(8080, sentTo: 80)])]
        let loss = try loss(before, [Self.closed])
        #expect(loss.listeners([try Listener(address, port, transport)], ephemeral) == [])
    }

    @Test("A published port that the change closes is one finding with the rule's place")
    func published() throws {
        let nat = Table.translation([.tcp(8080, sentTo: 80), .tcp(80, sentTo: 80)])
        let policy = try Policy(try Service("web", "80/tcp", line: 10))
        let found = try loss([nat], [nat, compile(policy).table], policy.services[0]).publishedPorts
        #expect(
            found.facts == [
                Finding(
                    .unreachablePublishedPort, .error, "", port: AuditedPort(.tcp, 8080...8080), table: "inet nat",
                    chain: "prerouting")
            ])
        #expect(try loss([nat], [nat]).publishedPorts == [])
    }
}
