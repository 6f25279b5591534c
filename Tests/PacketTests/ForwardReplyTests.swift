import Addressing
import Glibc
import TestSupport
import Testing

/// Other tables that let the packets of a forward pass, and drop the answers of its target.
@Suite("Tables that drop the replies of forwards", .privileged, .networkNamespace)
struct ForwardReplyTests {
    private let network: Network
    private let portreeve: Portreeve
    private let backEnd: Socket
    private let policy: String

    init() throws {
        network = try Network()
        let inside = try Inside([9], behind: network.host)
        backEnd = try inside.hosts[0].run { try Socket.listening(.tcp, on: 8443) }
        portreeve = try Portreeve()
        policy = try portreeve.write(
            """
            version: 1
            services: {}
            forward: {web: {ports: 443/tcp, to: ["10.7.0.9:8443", "[fd00:7::9]:8443"], from: any, why: x}}

            """)
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
    }

    /// Whether a connection of a client is answered.
    private func isAnswered(_ family: AddressFamily) throws -> Bool {
        let source = try IPAddress(family == .ipv4 ? "192.0.2.7" : "2001:db8::7")
        let client = try network.client.run {
            let socket = try Socket(.tcp, family)
            try socket.bind(to: Endpoint(address: source, port: 0))
            try #require(socket.connect(to: Endpoint(address: network.wire.host(family), port: 443)) == 0)
            return socket
        }
        client.resetsOnClose()
        guard client.wait(for: POLLOUT, milliseconds: 500), client.takeError() == 0 else { return false }
        return backEnd.accept() != nil
    }

    private func load(_ chain: String) throws {
        try NftProgram.load("table inet other { chain way { \(chain); }; }")
    }

    @Test(
        "Are named, with the rule",
        arguments: [
            "type filter hook forward priority 5; ct direction reply tcp sport 8443 drop",
            "type filter hook forward priority -5; iifname inside oifname eth0 ct direction reply drop",
            "type filter hook forward priority 5; ct state established ip saddr 10.7.0.0/24 drop",
            "type filter hook forward priority 5; policy drop; ct state new accept",
            "type filter hook prerouting priority -150; ip saddr 10.7.0.9 ip daddr 192.0.2.0/24 tcp sport 8443 drop",
            "type filter hook postrouting priority 50; ip6 saddr fd00:7::9 drop",
        ])
    func named(chain: String) throws {
        #expect(try isAnswered(.ipv4) && isAnswered(.ipv6))
        #expect(try portreeve.rulesetFindings(policy) == [])
        try load(chain)
        #expect(try !(isAnswered(.ipv4) && isAnswered(.ipv6)))
        let found = try portreeve("verify", policy, "--only", "ruleset", "--allow-insecure-permissions")
        #expect(
            found.status == 2 && found.output.contains("inet other drops replies from the target of forward \"web\""),
            "\(found)")
        #expect(found.output.contains("[foreign-override]"), "\(found)")
    }

    @Test(
        "Are not named where they let the replies pass",
        arguments: [
            "type filter hook forward priority 5; policy drop; ct state established,related accept; tcp dport 8443 accept",
            "type filter hook forward priority 5; ct direction reply tcp sport 443 drop",
            "type filter hook forward priority 5; iifname eth0 ct direction reply drop",
            "type filter hook output priority 5; tcp sport 8443 drop",
        ])
    func passing(chain: String) throws {
        try load(chain)
        #expect(try isAnswered(.ipv4) && isAnswered(.ipv6))
        #expect(try portreeve.rulesetFindings(policy) == [])
    }

    @Test("A rule that drops them by their port may drop clients, too, of which none is known: unknown")
    func doubtful() throws {
        try load("type filter hook forward priority 5; tcp sport 8443 drop")
        #expect(try !isAnswered(.ipv4))
        #expect(try portreeve.rulesetFindings(policy) == ["unknown"])
    }
}
