import Addressing
import Auditing
import Listeners
import Policies
import Testing

@Suite("Accepted findings")
struct AcceptanceTests {
    private let now: Int64 = 1_800_000_000

    private func acceptance(
        _ finding: String, ports: [ClosedRange<UInt16>] = [], _ terms: [Acceptance.Term] = [], until: Expiry? = nil
    ) -> Acceptance {
        Acceptance(
            location: .line(4), finding: finding,
            ports: ports.map { ServicePort(transport: .tcp, range: $0, location: .line(4)) }, terms: terms,
            why: "fail2ban bans", owner: "ops@example.org", until: until)
    }

    private let drop = Finding(
        .foreignOverride, .error, "drops", service: "ssh", port: AuditedPort(.tcp, 22...22), table: "inet f2b-table",
        chain: "watch")

    @Test("An accepted finding is a notice that keeps its message and gives the reason")
    func accepted() {
        let entry = acceptance("foreign-override", [.init(.table, "inet f2b-*")])
        let found = [drop].accepting([entry], now: now)
        #expect(found.map(\.severity) == [.notice])
        #expect(found[0].acceptance == entry && found[0].message == drop.message)
        #expect(found[0].sentence == "drops (accepted: fail2ban bans; ops@example.org)")
    }

    static let others: [(String, [ClosedRange<UInt16>], [Acceptance.Term])] = [
        ("shared-port", [], []), ("foreign-override", [23...24], []),
        ("foreign-override", [], [.init(.table, "inet f2b")]),
        ("foreign-override", [], [.init(.table, "inet f2b-table"), .init(.chain, "other")]),
        ("foreign-override", [], [.init(.element, "*x")]),
    ]

    @Test("Another id, port, table or chain is not covered", arguments: others)
    func uncovered(finding: String, ports: [ClosedRange<UInt16>], terms: [Acceptance.Term]) {
        #expect([drop].accepting([acceptance(finding, ports: ports, terms)], now: now) == [drop])
    }

    @Test("A table that is accepted for what it drops does not cover what it lets around; a port does")
    func bypass() {
        var redirect = drop
        redirect.details.isBypass = true
        let table = Acceptance.Term(.table, "inet f2b-table")
        #expect([redirect].accepting([acceptance("foreign-override", [table])], now: now) == [redirect])
        let withPort = acceptance("foreign-override", ports: [22...22], [table])
        #expect([redirect].accepting([withPort], now: now).map(\.severity) == [.notice])
    }

    @Test("An acceptance counts until its end, and the finding says that it is over")
    func until() {
        let entry = acceptance("foreign-override", until: Expiry(end: now, written: "2027-01-14"))
        #expect([drop].accepting([entry], now: now - 1).map(\.severity) == [.notice])
        let found = [drop].accepting([entry], now: now)
        #expect(found.map(\.severity) == [.error])
        #expect(found[0].message == "drops; its acceptance ended (2027-01-14)")
    }

    @Test("Drift is never accepted")
    func drift() {
        let finding = Finding(.rulesetDrift, .error, "differs", table: "inet portreeve")
        #expect([finding].accepting([acceptance("ruleset-drift")], now: now) == [finding])
        #expect(finding.acceptanceEntry == nil)
    }

    /// Findings, and the conditions of the entry for each; `nil` where none is proposed.
    static var conditions: [(Finding, String?)] {
        get throws {
            let session = Finding(
                .staleSession, .warning, "x", service: "ssh", port: try AuditedPort(.tcp, 22, at: "2001:db8::7"))
            var rule = Finding(.foreignBypass, .warning, "x", table: "ip raw", chain: "PREROUTING")
            rule.details.rule = "udp dport 53 notrack"
            let full = Finding(
                .limitFull, .warning, "x", service: "web", table: "inet portreeve", chain: "service-web",
                set: "web-limit-ipv4")
            var entry = Finding(.expired, .warning, "x", service: "web")
            entry.details.source = "10.0.0.0/8, office"
            return [
                (session, #"port: 22/tcp, address: "2001:db8::7", service: ssh"#),
                (rule, "table: ip raw, chain: PREROUTING, rule: udp dport 53 notrack"),
                (full, "service: web, set: web-limit-ipv4"), (entry, #"service: web, source: "10.0.0.0/8, office""#),
                (Finding(.unknown, .warning, "x", aspect: "state"), nil),
                (Finding(.forwardingOff, .warning, "x", aspect: "IPv4"), nil),
                (Finding(.notApplied, .warning, "x", policy: .line(1)), nil),
            ]
        }
    }

    @Test("The entry is as narrow as the language can say, and none is proposed that accepts other findings")
    func narrowness() throws {
        for (finding, conditions) in try Self.conditions {
            let id = finding.identifier.rawValue
            #expect(finding.acceptanceEntry == conditions.map { "- {finding: \(id), \($0), why: REASON}" })
        }
    }

    @Test("The entry that a finding names accepts it")
    func entries() throws {
        #expect(
            drop.acceptanceEntry == "- {finding: foreign-override, port: 22/tcp, table: inet f2b-table, why: REASON}")
        let stranger = Finding(
            .undeclaredListener, .error, "listens", port: try AuditedPort(.udp, 5353, at: "0.0.0.0"),
            process: SocketProcess("/opt/a \"b\"/x:y"))
        #expect(
            stranger.acceptanceEntry
                == #"- {finding: undeclared-listener, port: 5353/udp, process: "/opt/a \"b\"/x:y", why: REASON}"#)
    }
}
