import Addressing
import Auditing
import Compiler
import Listeners
import Policies
import Rulesets
import Testing

@Suite("Sessions that the policy would refuse")
struct SessionAuditTests {
    private let policy: Policy

    init() throws {
        policy = try Policy(
            try Service("old", "25/tcp", line: 40, expires: Expiry(end: 100, written: "1970-01-01")),
            try Service("ssh", "22/tcp", from: ["10.0.0.0/8", "2001:db8::/32"], line: 10),
            try Service("vpn", "80/tcp", line: 20, interfaces: [InterfacePattern(name: "wg", isPrefix: true)]),
            deny: ["192.0.2.0/24"])
    }

    private func audit(now: Int64 = 1000, interface: String? = nil) -> SessionAudit {
        SessionAudit(policy: policy, table: compile(policy).table, now: now) { _ in interface }
    }

    private func session(
        _ client: String, _ port: UInt16, from clientPort: UInt16 = 50000, isForwarded: Bool = false,
        start: Int64? = nil
    ) throws -> Session {
        let end = try Endpoint(client, clientPort)
        let host = try Endpoint(client.contains(":") ? "2001:db8::1" : "198.51.100.1", port)
        let server = isForwarded ? try Endpoint("172.17.0.2", 8080) : host
        let tracked = start.map { start in
            TrackedConnection(
                transport: .tcp, original: .init(from: end, to: host), reply: .init(from: server, to: end), start: start
            )
        }
        return Session(
            transport: .tcp, client: end, dialled: host, server: server, peer: end, isForwarded: isForwarded,
            tracked: tracked)
    }

    static let clients: [(String, UInt16, String?, isStale: Bool, line: Int?)] = [
        ("10.1.2.3", 22, nil, false, nil), ("203.0.113.9", 22, nil, true, 10), ("2001:db8::7", 22, nil, false, nil),
        ("2001:db9::7", 22, nil, true, 10), ("192.0.2.9", 80, "wg0", true, 3), ("203.0.113.9", 443, nil, true, nil),
        ("203.0.113.9", 25, nil, true, 40), ("203.0.113.9", 80, "wg0", false, nil),
        ("203.0.113.9", 80, "eth0", true, 20), ("203.0.113.9", 80, nil, false, nil),
    ]

    @Test("By source, deny, port, expiry and interface, with the line that refuses it", arguments: clients)
    func stale(client: String, port: UInt16, interface: String?, isStale: Bool, line: Int?) throws {
        let audit = audit(interface: interface)
        let stale = audit.stale([try session(client, port)])
        #expect(stale.count == (isStale ? 1 : 0))
        let service = [22: "ssh", 25: "old", 80: "vpn"][port]
        let expected = Finding(
            .staleSession, .warning, "", service: service, port: try AuditedPort(.tcp, port, at: client),
            policy: line.map(SourceLocation.line))
        #expect(audit.findings(about: stale).facts == (isStale ? [expected] : []))
    }

    @Test("A service that has not expired yet")
    func now() throws {
        #expect(audit(now: 99).stale([try session("203.0.113.9", 25)]) == [])
    }

    @Test("A forwarded session is judged by the port that the client dialled")
    func forwarded() throws {
        let stale = audit().stale([
            try session("203.0.113.9", 22, isForwarded: true), try session("10.0.0.1", 22, isForwarded: true),
        ])
        #expect(stale.map(\.port) == [22])
        let found = audit().findings(about: stale)
        #expect(found.map(\.port) == [try AuditedPort(.tcp, 22, at: "203.0.113.9")])
        #expect(found[0].message.contains("172.17.0.2:8080"))
    }

    @Test("Sessions come in the order of port, family and client; those of one client with one port are one finding")
    func groups() throws {
        let clients: [(String, UInt16, UInt16)] = [
            ("2001:db9::1", 443, 3), ("203.0.113.9", 443, 2), ("203.0.113.8", 443, 9), ("203.0.113.9", 443, 1),
            ("203.0.113.9", 22, 5),
        ]
        let stale = audit().stale(try clients.map { try session($0.0, $0.1, from: $0.2) })
        #expect(stale.map(\.client.port) == [5, 9, 1, 2, 3])
        let found = audit().findings(about: stale)
        #expect(
            try found.map(\.port) == [
                AuditedPort(.tcp, 22, at: "203.0.113.9"), AuditedPort(.tcp, 443, at: "203.0.113.8"),
                AuditedPort(.tcp, 443, at: "203.0.113.9"), AuditedPort(.tcp, 443, at: "2001:db9::1"),
            ])
        #expect(found[2].message.contains("2 connections"))
    }

    static let ages: [(start: Int64, String)] = [
        (999, "1 s"), (941, "59 s"), (940, "1 min"), (1000 - 7200, "2 h"), (1000 - 3 * 86400, "3 d"), (2000, "0 s"),
    ]

    @Test("The age of the oldest session, in its greatest unit", arguments: ages)
    func age(start: Int64, text: String) throws {
        let sessions = [
            try session("203.0.113.9", 443, from: 1, start: start),
            try session("203.0.113.9", 443, from: 2, start: 2000),
        ]
        #expect(audit().findings(about: sessions).map(\.message).allSatisfy { $0.contains("for \(text)") })
    }

    @Test("The first process is named, the others are counted")
    func processes() throws {
        var sessions = [try session("203.0.113.9", 443, from: 1), try session("203.0.113.9", 443, from: 2)]
        let (first, second) = (SocketProcess("/usr/bin/a", pid: 1), SocketProcess("/usr/bin/b", pid: 2))
        (sessions[0].owners, sessions[1].owners) = (.processes([first]), .processes([second, first]))
        let found = audit().findings(about: sessions)
        #expect(found.map(\.process) == [first])
        #expect(found[0].message.contains("and 1 more"))
    }

    @Test("A session of `stale` that the live table lets in has lost its service with the change")
    func orphaned() throws {
        let stale = [try session("203.0.113.9", 22), try session("203.0.113.9", 443)]
        let open = compile(try Policy(try Service("ssh", "22/tcp", line: 1))).table
        #expect(audit().orphaned(stale, by: open) == [stale[0]])
        #expect(audit().orphaned(stale, by: nil) == stale)
        #expect(audit().orphaned(stale, by: compile(policy).table) == [])
    }
}
