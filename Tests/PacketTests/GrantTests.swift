import Glibc
import Policies
import TestSupport
import Testing

private let port = RandomPolicy.sentinel.port

@Suite("Grants and the packets that they accept", .privileged, .networkNamespace)
struct GrantTests {
    private let portreeve: Portreeve

    init() throws { portreeve = try Portreeve() }

    /// Runs a command that must succeed.
    private func run(_ arguments: String...) throws {
        let result = try portreeve(arguments)
        try #require(result.status == 0, "\(arguments): \(result.output)\(result.errors)")
    }

    private func apply(_ services: String) throws -> String {
        let policy = try portreeve.write(
            """
            version: 1
            defaults: {inbound: reject}
            services:
              sentinel: {ports: \(port), from: any}
            \(services)
            """)
        try run("apply", policy, "--yes", "--quiet")
        return policy
    }

    private func grant(_ service: String, _ policy: String, _ address: String, _ time: String) throws {
        try run("grant", service, policy, "--from", address, "--for", time, "--why", "test", "--quiet")
    }

    @Test("The kernel ends a grant, and no apply renews it", arguments: ["192.0.2.1", "2001:db8::1"])
    func expiry(source: String) throws {
        let arena = try Arena()
        let policy = try apply("  ssh: {ports: 22, from: 10.0.0.0/8}")
        let packet = try Expected.packet(from: source, to: "22/tcp", .accepted).packet
        #expect(try arena.outcomes(of: [packet], meant: [.answered]) == [.answered])
        var (isOpen, end) = (false, time_t(0))
        // A busy machine may reach the expiry before the grant was tested: the test tries again with more time.
        for seconds in [2, 8, 32] where !isOpen {
            try grant("ssh", policy, source, "\(seconds)s")
            try run("apply", policy, "--yes", "--quiet")
            isOpen = try arena.outcomes(of: [packet], meant: [.accepted]) == [.accepted]
            end = time(nil) + seconds
        }
        try #require(isOpen)
        try run("apply", policy, "--yes", "--quiet")
        var outcome = Outcome.accepted
        while outcome != .answered, time(nil) <= end + 2 {
            usleep(20_000)
            outcome = try arena.outcomes(of: [packet], meant: [.answered])[0]
        }
        #expect(outcome == .answered)
        try run("verify", policy, "--only", "ruleset", "--quiet")
    }

    @Test("A grant covers its address and service only, and ends with revoke")
    func revoking() throws {
        let arena = try Arena()
        let policy = try apply("  ssh: {ports: 22, from: 10.0.0.0/8}\n  web: {ports: 80, from: 10.0.0.0/8}")
        try grant("ssh", policy, "192.0.2.1", "1h")
        try arena.check("22/tcp", ["192.0.2.1": .accepted, "192.0.2.2": .answered, "2001:db8::1": .answered])
        try arena.check("80/tcp", ["192.0.2.1": .answered])
        try run("revoke", "ssh", "--quiet")
        try arena.check("22/tcp", ["192.0.2.1": .answered, "10.0.0.1": .accepted])
    }

    @Test("Limit, log and interfaces apply to a grant, also in a family without a source in the policy")
    func conditions() throws {
        let arena = try Arena(interfaces: ["eth0", "eth01"])
        let policy = try apply(
            """
              ssh: {ports: 22, from: 10.0.0.0/8, limit: {rate: 1/day, burst: 2}, log: true}
              web: {ports: 80, from: 10.0.0.0/8, interfaces: [eth01]}
            """)
        for source in ["192.0.2.1", "2001:db8::1"] {
            try grant("ssh", policy, source, "1h")
            try grant("web", policy, source, "1h")
            let outcomes: [Outcome] = [.accepted, .accepted, .silent, .silent]
            try arena.check(outcomes.map { try .packet(from: source, to: "22/tcp", $0) })
            try arena.check([.packet(from: source, to: "80/tcp", on: "eth0", .answered)])
            try arena.check([.packet(from: source, to: "80/tcp", on: "eth01", .accepted)])
        }
        try run("verify", policy, "--only", "ruleset", "--quiet")
    }

    @Test("A grant covers a published port, by its number on the host")
    func published() throws {
        let network = try Network()
        let container = try Container(behind: network.host)
        try Container.publish([(1, 1), (8000, 80)])
        let arena = Arena(network, try container.namespace.run { try Listeners() })
        let policy = try apply("  web: {ports: 8000, from: 10.0.0.0/8}")
        try arena.check("8000/tcp", ["192.0.2.1": .answered, "2001:db8::1": .answered])
        try grant("web", policy, "192.0.2.1", "1h")
        try grant("web", policy, "2001:db8::1", "1h")
        try arena.check("8000/tcp", ["192.0.2.1": .accepted, "192.0.2.2": .answered, "2001:db8::1": .accepted])
        try run("revoke", "web", "--quiet")
        try arena.check("8000/tcp", ["192.0.2.1": .answered, "2001:db8::1": .answered])
    }
}
