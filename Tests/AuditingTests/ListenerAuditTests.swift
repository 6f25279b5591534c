import Addressing
import Auditing
import Listeners
import Policies
import Testing

extension ListenerAudit {
    /// An audit on a host where each port has this exposure.
    init(
        _ policy: Policy, _ listeners: [Listener], raw: [Listener] = [], published: PublishedPorts = PublishedPorts(),
        ephemeral: ClosedRange<UInt16> = 32768...60999, reserved: [ClosedRange<UInt16>] = [], now: Int64 = 0,
        exposure: Exposure = .shielded
    ) {
        self.init(
            policy: policy, listeners: listeners, raw: raw,
            ephemeral: EphemeralPorts(range: ephemeral, reserved: IntervalSet(reserved)), published: published,
            now: now, exposure: { _, _, _, _ in exposure })
    }
}

@Suite("Services and their listeners")
struct ListenerAuditTests {
    private func web(
        _ ports: String = "80/tcp", from sources: [String] = ["any"], expires: Expiry? = nil,
        listener: ListenerExpectation = ListenerExpectation()
    ) throws -> Policy {
        try Policy(try Service("web", ports, from: sources, line: 20, expires: expires, listener: listener))
    }

    private func finding(
        _ identifier: Finding.Identifier, _ severity: Finding.Severity = .warning,
        _ ports: ClosedRange<UInt16> = 80...80
    ) -> Finding {
        Finding(identifier, severity, "", service: "web", port: AuditedPort(.tcp, ports), policy: .line(20))
    }

    @Test("A service with a listener on both families has no finding")
    func good() throws {
        #expect(ListenerAudit(try web(), [try Listener("::", 80)]).findings == [])
        #expect(ListenerAudit(try web(), [try Listener("0.0.0.0", 80), try Listener("::1", 80)]).findings.count == 1)
        #expect(ListenerAudit(Policy(services: []), []).findings == [])
    }

    @Test("Without a listener, unless it is optional or the service has expired")
    func missing() throws {
        #expect(ListenerAudit(try web(), []).findings.facts == [finding(.missingListener)])
        #expect(
            ListenerAudit(try web(), [try Listener("::", 80, .udp)]).findings.facts.first == finding(.missingListener))
        #expect(ListenerAudit(try web(listener: ListenerExpectation(isOptional: true)), []).findings == [])
        let expiry = Expiry(end: 100, written: "1970-01-01")
        #expect(ListenerAudit(try web(expires: expiry), [], now: 99).findings.count == 1)
        #expect(ListenerAudit(try web(expires: expiry), [], now: 100).findings == [])
    }

    @Test("One listener serves a whole range of ports")
    func range() throws {
        let policy = try web("8000-8010/tcp")
        #expect(ListenerAudit(policy, [try Listener("::", 8010)]).findings == [])
        #expect(ListenerAudit(policy, []).findings.facts == [finding(.missingListener, .warning, 8000...8010)])
    }

    static let addresses: [(addresses: [String], sources: [String], Finding.Identifier?)] = [
        (["127.0.0.1"], ["any"], .loopbackOnly), (["127.9.9.9", "::1"], ["any"], .loopbackOnly),
        (["::1"], ["2001:db8::/32"], .loopbackOnly), (["127.0.0.1", "::"], ["any"], nil),
        (["0.0.0.0"], ["any"], .wrongFamily), (["192.0.2.1"], ["2001:db8::/32"], .wrongFamily),
        (["2001:db8::1"], ["10.0.0.0/8"], .wrongFamily), (["192.0.2.1"], ["10.0.0.0/8"], nil),
        (["0.0.0.0", "2001:db8::1"], ["any"], nil), (["0.0.0.0", "::1"], ["any"], .wrongFamily),
    ]

    @Test("Bound to loopback only, or to one family of two", arguments: addresses)
    func bound(addresses: [String], sources: [String], identifier: Finding.Identifier?) throws {
        let listeners = try addresses.map { try Listener($0, 80) }
        let expected = identifier.map { [finding($0)] } ?? []
        #expect(ListenerAudit(try web(from: sources), listeners).findings.facts == expected)
    }

    @Test(
        "A port of one family needs no listener of the other",
        arguments: ["67/udp", "137-138/udp", "547/udp", "139/tcp"])
    func oneFamily(port: String) throws {
        let policy = try web(port)
        let service = policy.services[0].ports[0]
        let address = service.onlyFamily == .ipv4 ? "0.0.0.0" : "2001:db8::1"
        let listener = try Listener(address, service.range.lowerBound, service.transport)
        #expect(ListenerAudit(policy, [listener]).findings == [])
    }

    @Test("A socket of the interface lo is for this host only")
    func interface() throws {
        let listener = try Listener("0.0.0.0", 80, interface: "lo")
        #expect(ListenerAudit(try web(), [listener]).findings.facts == [finding(.loopbackOnly)])
    }

    @Test("A port that clients may get, unless it is reserved")
    func ephemeral() throws {
        let policy = try web("40000-40010/tcp")
        let listeners = [try Listener("::", 40000)]
        #expect(
            ListenerAudit(policy, listeners).findings.facts == [finding(.ephemeralPort, .notice, 40000...40010)])
        #expect(ListenerAudit(policy, listeners, reserved: [40000...40009]).findings.count == 1)
        #expect(ListenerAudit(policy, listeners, reserved: [40000...40010]).findings == [])
        #expect(ListenerAudit(policy, listeners, ephemeral: 50000...60000).findings == [])
        // All of them: to reserve them would leave none for clients.
        #expect(ListenerAudit(try web("1024-65535/tcp"), listeners).findings == [])
    }

    @Test("Findings come by service, then for listeners without a service, then for shared ports")
    func order() throws {
        let policy = try Policy(
            try Service("api", "81/tcp", line: 10), try Service("web", "80/tcp", line: 20))
        let listeners = [
            try Listener("0.0.0.0", 9000, owners: .processes([SocketProcess("/usr/bin/a")])),
            try Listener("0.0.0.0", 9000, owners: .processes([SocketProcess("/usr/bin/b")])),
            try Listener("0.0.0.0", 7000, owners: .unknown("hidden")),
        ]
        let found = ListenerAudit(policy, listeners).findings
        #expect(
            found.map(\.identifier) == [
                .missingListener, .missingListener, .undeclaredListener, .undeclaredListener, .undeclaredListener,
                .sharedPort, .unknown,
            ])
        #expect(
            found.map { $0.service ?? $0.port.map { "\($0.range.lowerBound)" } } == [
                "api", "web", "7000", "9000", "9000", "9000", nil,
            ])
    }
}
