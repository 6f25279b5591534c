import Addressing
import Auditing
import Listeners
import Policies
import Testing

@Suite("Listeners without a service")
struct UndeclaredListenerTests {
    private let policy: Policy

    init() throws {
        policy = try Policy(
            try Service("ssh", "22/tcp", line: 10, listener: ListenerExpectation(isOptional: true)))
    }

    static let exposures: [(ListenerAudit.Exposure, Finding.Severity)] = [
        (.reachable, .error), (.shielded, .warning), (.unknown, .error),
    ]

    @Test("An error where other hosts reach it, a warning where they do not", arguments: exposures)
    func exposure(exposure: ListenerAudit.Exposure, severity: Finding.Severity) throws {
        let process = SocketProcess("/usr/bin/python3", user: "eve")
        let listener = try Listener("0.0.0.0", 8080, owners: .processes([process]))
        let found = ListenerAudit(policy, [listener], exposure: exposure).findings
        #expect(
            found.facts == [
                Finding(
                    .undeclaredListener, severity, "", port: try AuditedPort(.tcp, 8080, at: "0.0.0.0"),
                    process: process)
            ])
        #expect(found[0].message.contains("python3") && found[0].message.contains("tcp/8080"))
    }

    static let quiet: [(String, UInt16, TransportProtocol)] = [
        ("127.0.0.1", 8080, .tcp), ("127.9.9.9", 8080, .tcp), ("::1", 8080, .tcp), ("0.0.0.0", 22, .tcp),
    ]

    @Test("A listener on loopback or of a service is no finding", arguments: quiet)
    func exempt(address: String, port: UInt16, transport: TransportProtocol) throws {
        let found = ListenerAudit(policy, [try Listener(address, port, transport)], exposure: .reachable).findings
        #expect(!found.contains { $0.identifier == .undeclaredListener })
    }

    @Test("The port of a service is declared for its protocol only")
    func transport() throws {
        let found = ListenerAudit(policy, [try Listener("0.0.0.0", 22, .udp)], exposure: .reachable).findings
        #expect(found.map(\.identifier) == [.undeclaredListener])
    }

    static let clients: [(UInt16, TransportProtocol, Finding.Severity)] = [
        (40000, .udp, .notice), (40000, .udplite, .notice), (40000, .tcp, .error), (5353, .udp, .error),
    ]

    @Test("A datagram socket on a port that the kernel assigns looks like a client", arguments: clients)
    func client(port: UInt16, transport: TransportProtocol, severity: Finding.Severity) throws {
        let found = ListenerAudit(policy, [try Listener("0.0.0.0", port, transport)], exposure: .reachable).findings
        #expect(found.map(\.severity) == [severity])
    }

    @Test("The worst of the families of a socket on :: decides")
    func families() throws {
        func severity(_ isOpen: @escaping (AddressFamily) -> Bool) throws -> [Finding.Severity] {
            ListenerAudit(
                policy: policy, listeners: [try Listener("::", 8080)], ephemeral: EphemeralPorts(range: 32768...60999),
                now: 0, exposure: { _, _, family, _ in isOpen(family) ? .reachable : .shielded }
            ).findings.map(\.severity)
        }
        #expect(try severity { $0 == .ipv4 } == [.error])
        #expect(try severity { $0 == .ipv6 } == [.error])
        #expect(try severity { _ in false } == [.warning])
    }

    @Test("All sockets of one owner on one port are one finding; owners and ports are in order")
    func groups() throws {
        let (one, two) = (SocketProcess("/bin/one", pid: 1), SocketProcess("/bin/two", pid: 2))
        let listeners = [
            try Listener("192.0.2.1", 9000, owners: .processes([two])),
            try Listener("192.0.2.2", 9000, owners: .processes([one])),
            try Listener("192.0.2.3", 9000, owners: .processes([two])),
            try Listener("0.0.0.0", 8000, owners: .kernel), try Listener("0.0.0.0", 7, .udp),
        ]
        let found = ListenerAudit(policy, listeners, exposure: .reachable).findings.filter {
            $0.identifier == .undeclaredListener
        }
        #expect(found.map(\.process?.pid) == [nil, 1, 2, nil])
        #expect(found.compactMap(\.port?.range.lowerBound) == [8000, 9000, 9000, 7])
        #expect(found[2].message.contains("192.0.2.1, 192.0.2.3"))
    }
}
