import Addressing
import Glibc
import Policies
import TestSupport
import Testing

private let port = RandomPolicy.sentinel.port

@Suite("Bans and the packets that they drop", .privileged, .networkNamespace)
struct BanTests {
    private let portreeve: Portreeve

    init() throws { portreeve = try Portreeve() }

    private func run(_ arguments: String...) throws {
        let result = try portreeve(arguments)
        try #require(result.status == 0, "\(arguments): \(result.output)\(result.errors)")
    }

    private func apply(_ lines: String = "") throws {
        let policy = try portreeve.write(
            """
            version: 1
            defaults: {inbound: reject}
            \(lines)
            services:
              sentinel: {ports: \(port), from: any}
              ssh: {ports: 22, from: any}
            """)
        try run("apply", policy, "--yes", "--quiet")
    }

    private func ban(_ addresses: String, _ time: String = "1h") throws {
        try run("ban", addresses, "--for", time, "--why", "test", "--quiet")
    }

    @Test(
        "A ban covers its address or prefix only, and ends with unban",
        arguments: ["", "deny: [203.0.113.9]"])
    func covers(lines: String) throws {
        let arena = try Arena()
        try apply(lines)
        try arena.check("22/tcp", ["192.0.2.1": .accepted, "2001:db8::1": .accepted])
        try ban("192.0.2.1")
        try ban("10.1.0.0/16")
        try ban("2001:db8:0:0::/65")
        try arena.check(
            "22/tcp",
            [
                "192.0.2.1": .silent, "192.0.2.2": .accepted, "10.1.0.1": .silent, "10.2.0.1": .accepted,
                "2001:db8::1": .silent, "2001:db8:1::1": .accepted,
            ])
        try run("unban", "10.1.0.0/16", "--quiet")
        try arena.check("22/tcp", ["192.0.2.1": .silent, "10.1.0.1": .accepted])
    }

    @Test("The kernel ends a ban, and no apply renews it")
    func expiry() throws {
        let arena = try Arena()
        try apply()
        let packet = try Expected.packet(from: "192.0.2.1", to: "22/tcp", .silent).packet
        try ban("192.0.2.1", "2s")
        let end = time(nil) + 2
        try apply()
        var outcome = Outcome.silent
        while outcome != .accepted, time(nil) <= end + 2 {
            usleep(20_000)
            outcome = try arena.outcomes(of: [packet], meant: [.silent])[0]
        }
        #expect(outcome == .accepted)
    }

    @Test("An open session passes nothing any more, and ends with --cut-sessions")
    func sessions() throws {
        let network = try Network()
        let listener = try Socket.listening(.tcp, on: 22)
        try apply()
        func session(_ source: String) throws -> Session {
            let source = try IPAddress(source)
            let host = try network.wire.host(source.family)
            return try network.client.run {
                try Session(from: source, to: Endpoint(address: host, port: 22), listener: listener)
            }
        }
        let (banned, other) = (try session("192.0.2.7"), try session("192.0.2.9"))
        let result = try portreeve(
            "ban", "192.0.2.7", "--for", "1h", "--why", "test", "--cut-sessions")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("\nended: 192.0.2.7:"), "\(result.output)")
        #expect(try !banned.passesAnything(first: .client, witness: other))
        #expect(other.exchanges())
    }

    @Test("A ban covers a published port, also on established connections")
    func published() throws {
        let network = try Network()
        let container = try Container(behind: network.host)
        try Container.publish([(1, 1), (8000, 80)])
        let arena = Arena(network, try container.namespace.run { try Listeners() })
        try run(
            "apply",
            try portreeve.write(
                "version: 1\nservices: {s: {ports: \(port), from: any}, web: {ports: 8000, from: any}}\n"),
            "--yes", "--quiet")
        try arena.check("8000/tcp", ["192.0.2.1": .accepted, "2001:db8::1": .accepted])
        try ban("192.0.2.1")
        try arena.check("8000/tcp", ["192.0.2.1": .silent, "192.0.2.2": .accepted, "2001:db8::1": .accepted])
    }
}
