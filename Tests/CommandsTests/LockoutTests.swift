import Addressing
import Commands
import Listeners
import Rulesets
import Testing

@Suite("portreeve apply does not lock out admins")
struct LockoutTests {
    private let terminal: Terminal
    /// The user's own address.
    private static let client = IPAddress.ipv4(0xc633_6407)  // 198.51.100.7
    private static let client6 = IPAddress.ipv6(0x2001_0db8 << 96 | 7)

    init() throws {
        terminal = try Terminal()
        terminal.admins = AdminSessions(sessions: [Self.session()])
    }

    private static func session(
        _ client: IPAddress = client, on interface: String? = "eth0", isEstablished: Bool = true
    ) -> AdminSession {
        let server: IPAddress = if case .ipv4 = client { .ipv4(0xc000_0201) } else { .ipv6(1 << 64) }
        return AdminSession(
            client: client, server: Endpoint(server, 22), interface: interface, interfaceIndex: 2,
            isEstablished: isEstablished)
    }

    private func policy(ssh: String = "from: 10.8.0.0/16", _ more: String = "") throws -> String {
        try terminal.write(
            """
            version: 1
            \(more)
            services:
              web: {ports: 80, from: any}
              ssh: {ports: 22, \(ssh)}

            """)
    }

    /// Runs `apply`, and expects that it refuses with this message, without a question or a commit.
    private func expectRefusal(_ path: String, _ text: String, _ place: SourceLocation = #_sourceLocation) throws {
        let commits = terminal.store.commits
        #expect(try terminal.run("apply", path, "--yes", "--quiet") == .refused, sourceLocation: place)
        let expected = "portreeve: this would lock you out; nothing was changed: \(text)\n  or pass --force\n"
        #expect(terminal.errors == expected.replacing("POLICY", with: path), sourceLocation: place)
        #expect(terminal.store.commits == commits, sourceLocation: place)
    }

    /// Runs `apply`, and expects that it succeeds with this warning, or without one.
    private func expectSuccess(_ path: String, _ text: String?, _ place: SourceLocation = #_sourceLocation) throws {
        #expect(try terminal.run("apply", path, "--yes") == .success, sourceLocation: place)
        let expected = text.map { "portreeve: warning: \($0)\n" } ?? ""
        #expect(terminal.errors == expected.replacing("POLICY", with: path), sourceLocation: place)
        #expect(terminal.output.contains("applied and read back"), sourceLocation: place)
    }

    private let closed = """
        a new connection from 198.51.100.7 to tcp/22 would be refused: \
        service "ssh" is not open to this source (POLICY:5)
          rule: inet portreeve refuse: counter drop
          to let it in: add 198.51.100.7 to "from" of service "ssh" (POLICY:5)
        """

    @Test("Refuses a change after which the admin could not reconnect")
    func newConnection() throws { try expectRefusal(try policy(), closed) }

    @Test("Refuses before it asks, and also if it does not ask")
    func asking() throws {
        terminal.answer = "y"
        #expect(try terminal.run("apply", try policy()) == .refused)
        #expect(terminal.questions == 0)
        #expect(terminal.store.table == nil)
    }

    @Test("--force continues with a warning")
    func force() throws {
        let path = try policy()
        #expect(try terminal.run("apply", path, "--yes", "--force") == .success)
        #expect(terminal.errors.hasPrefix("portreeve: warning: this locks you out, forced by --force: a new "))
        #expect(terminal.store.table != nil)
    }

    @Test("No message for an allowed admin", arguments: ["from: any", "from: 198.51.100.0/24, limit: 1/day"])
    func open(ssh: String) throws { try expectSuccess(try policy(ssh: ssh), nil) }

    @Test("An undeclared port")
    func undeclared() throws {
        try expectRefusal(
            try terminal.write("version: 1\nservices: {}\n"),
            """
            a new connection from 198.51.100.7 to tcp/22 would be refused: no service declares tcp/22
              rule: inet portreeve refuse: counter drop
              to let it in: add a line to "services": "NAME: {ports: 22/tcp, from: 198.51.100.7, why: TEXT}"
            """)
    }

    @Test("A denied admin loses the established session, too")
    func denied() throws {
        try expectRefusal(
            try policy(ssh: "from: any", "sources: {bad: [203.0.113.9, 198.51.100.0/24]}\ndeny: [192.0.2.1, bad]"),
            """
            the session and any new connection from 198.51.100.7 to tcp/22 would be refused: \
            "deny" covers the source, by "bad" (POLICY:3)
              rule: inet portreeve input: ip saddr 198.51.100.0/24 counter drop
              to let it in: remove 198.51.100.7 from "deny" (POLICY:3)
            """)
    }

    @Test("An open service that has expired")
    func expired() throws {
        try expectRefusal(
            try policy(ssh: "from: any, expires: 2020-01-31"),
            """
            a new connection from 198.51.100.7 to tcp/22 would be refused: service "ssh" has expired (2020-01-31) \
            (POLICY:5)
              rule: inet portreeve refuse: counter drop
              to let it in: set a later "expires" for service "ssh" (POLICY:5)
            """)
    }

    @Test("The interface counts")
    func interfaces() throws {
        let path = try policy(ssh: "from: any, interfaces: wg*")
        try expectRefusal(
            path,
            """
            a new connection from 198.51.100.7 to tcp/22 would be refused: service "ssh" is open on wg* only (POLICY:5)
              rule: inet portreeve refuse: counter drop
              to let it in: add eth0 to "interfaces" of service "ssh" (POLICY:5)
            """)
        terminal.admins.sessions = [Self.session(on: nil)]
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.errors.contains("warning: it is not known whether a new connection from 198.51.100.7"))
        #expect(try terminal.run("remove", "--yes") == .success)
        terminal.admins.sessions = [Self.session(on: "wg0"), Self.session(.ipv4(0x7f00_0001), on: "lo")]
        try expectSuccess(path, nil)
    }

    @Test(
        "What iptables-legacy may drop is not known, where its rules meet the session",
        arguments: [(Hook.input, true), (.prerouting, true), (.forward, false), (.output, false)])
    func legacy(hook: Hook, matters: Bool) throws {
        var effects = LegacyTable.Effects()
        (effects.refusing, effects.refusingHooks) = (1, [hook])
        terminal.store.legacy = [LegacyTable(isIPv6: false, name: "mangle", effects: effects)]
        #expect(try terminal.run("apply", try policy(ssh: "from: any"), "--yes", "--quiet") == .success)
        #expect(
            terminal.errors.contains("warning: it is not known whether the session and any new connection") == matters,
            "\(terminal.errors)")
        terminal.admins = AdminSessions(sessions: [Self.session(Self.client6)])
        #expect(try terminal.run("remove", "--yes", "--quiet") == .success)
        #expect(terminal.errors == "")
    }

    @Test("Every session counts: of either family, and one that has ended")
    func sessions() throws {
        terminal.admins.sessions += [Self.session(Self.client6, isEstablished: false), Self.session()]
        let path = try policy(ssh: "from: 198.51.100.7")
        #expect(try terminal.run("apply", path, "--yes", "--quiet") == .refused)
        #expect(terminal.errors.contains("a new connection from 2001:db8::7 to tcp/22 would be refused"))
        #expect(!terminal.errors.contains("198.51.100.7 to tcp/22"))
        terminal.admins.sessions += [Self.session(.ipv4(0xc633_6408))]
        #expect(try terminal.run("apply", path, "--yes", "--quiet") == .refused)
        #expect(terminal.errors.split(separator: "would be refused").count == 3)
    }

    @Test("A session that was refused before is a warning")
    func already() throws {
        #expect(try terminal.run("apply", try policy(), "--yes", "--force") == .success)
        try expectSuccess(
            try policy(ssh: "from: 10.9.0.0/16"),
            """
            a new connection from 198.51.100.7 to tcp/22 would be refused, as it is now: \
            service "ssh" is not open to this source (POLICY:5)
              rule: inet portreeve refuse: counter drop
              to let it in: add 198.51.100.7 to "from" of service "ssh" (POLICY:5)
            """)
        // The established session is a case of its own.
        let path = try policy(ssh: "from: 10.9.0.0/16", "deny: [198.51.100.7]")
        #expect(try terminal.run("apply", path, "--yes") == .refused)
        #expect(terminal.errors.contains("the session from 198.51.100.7 to tcp/22 would be refused: \"deny\" covers"))
    }

    @Test("A refusal by another table is a warning, and so is an unknown verdict of one")
    func foreign() throws {
        let dropping = [Expression.verdict(.drop)]
        terminal.store.others = [other(dropping)]
        try expectSuccess(
            try policy(),
            """
            the session and any new connection from 198.51.100.7 to tcp/22 would be refused, as it is now: \
            another table refuses it: "ip other in: drop"
              rule: ip other in: drop
              to let it in: change the rule of table ip other
            """)
        terminal.store.others = [other([.opaque(name: "osf", attributes: [])] + dropping)]
        #expect(try terminal.run("apply", try policy(ssh: "from: any"), "--yes") == .success)
        #expect(
            terminal.errors.contains(
                "would be allowed: it depends on a rule that tests more than is known here: \"ip other in:"))
    }

    private func other(_ expressions: [Expression]) -> Table {
        let base = BaseChain(type: "filter", hook: .input, priority: -5, policy: .accept)
        return Table(
            name: TableName(family: .ipv4, name: "other"),
            chains: [Chain(name: "in", base: base, rules: [Rule(expressions)])])
    }

    @Test("If the admin sessions cannot be found, that is a warning")
    func doubt() throws {
        terminal.admins = AdminSessions(doubt: "no privilege to look")
        try expectSuccess(
            try policy(), "cannot find the admin sessions on this host: no privilege to look")
    }

    @Test("An empty change locks out no admin")
    func inSync() throws {
        let path = try policy()
        #expect(try terminal.run("apply", path, "--yes", "--force") == .success)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.errors.isEmpty)
    }

    @Test("A rollback is guarded, even if its policy is not known; the undo of a pending change is not")
    func rollback() throws {
        #expect(try terminal.run("apply", try policy(), "--yes", "--force") == .success)
        #expect(try terminal.run("apply", try policy(ssh: "from: any"), "--yes") == .success)
        let commits = terminal.store.commits
        #expect(try terminal.run("rollback", "--yes") == .refused)
        #expect(
            terminal.errors == """
                portreeve: this would lock you out; nothing was changed: \
                a new connection from 198.51.100.7 to tcp/22 would be refused
                  rule: inet portreeve refuse: counter drop
                  it goes back to change 1 of 2027-01-15T08:00:00Z by alice as root from 198.51.100.7: services: 2 added
                  "portreeve history --show 1" prints its policy, without --show it lists the other changes
                  "portreeve rollback 1 --force --confirm 2m" goes back anyway, for two minutes

                """)
        #expect(terminal.store.commits == commits)
        #expect(try terminal.run("rollback", "--yes", "--force") == .success)
        #expect(try terminal.run("apply", try policy(ssh: "from: any"), "--yes", "--confirm", "1h") == .success)
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(terminal.errors.isEmpty)
    }
}
