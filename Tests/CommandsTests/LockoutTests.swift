import Addressing
import Commands
import Listeners
import Rulesets
import Testing

@Suite("portreeve apply locks nobody out who works on the host")
struct LockoutTests {
    private let terminal: Terminal
    /// The address of the person at the terminal.
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

    /// Runs `apply`, and expects that it is refused with this message, asks nothing and commits nothing.
    private func expectRefusal(_ path: String, _ text: String, _ place: SourceLocation = #_sourceLocation) throws {
        let commits = terminal.store.commits
        #expect(try terminal.run("apply", path, "--yes", "--quiet") == .refused, sourceLocation: place)
        let expected = "portreeve: this would lock you out, and nothing was changed: \(text)\n  or pass --force\n"
        #expect(terminal.errors == expected.replacing("POLICY", with: path), sourceLocation: place)
        #expect(terminal.store.commits == commits, sourceLocation: place)
    }

    /// Runs `apply`, and expects that it goes ahead with this warning, or with none.
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

    @Test("Who could not come back is not let go")
    func newConnection() throws { try expectRefusal(try policy(), closed) }

    @Test("Refuses before it asks, and also where nobody is asked")
    func asking() throws {
        terminal.answer = "y"
        #expect(try terminal.run("apply", try policy()) == .refused)
        #expect(terminal.questions == 0)
        #expect(terminal.store.table == nil)
    }

    @Test("--force goes ahead, and says what it does")
    func force() throws {
        let path = try policy()
        #expect(try terminal.run("apply", path, "--yes", "--force") == .success)
        #expect(terminal.errors.hasPrefix("portreeve: warning: this locks you out, and is forced: a new connection "))
        #expect(terminal.store.table != nil)
    }

    @Test("Who is let in is not spoken of", arguments: ["from: any", "from: 198.51.100.0/24, limit: 1/day"])
    func open(ssh: String) throws { try expectSuccess(try policy(ssh: ssh), nil) }

    @Test("A port that no service lists")
    func undeclared() throws {
        try expectRefusal(
            try terminal.write("version: 1\nservices: {}\n"),
            """
            a new connection from 198.51.100.7 to tcp/22 would be refused: no service has tcp/22
              rule: inet portreeve refuse: counter drop
              to let it in: declare a service with ports: 22/tcp
            """)
    }

    @Test("Who is denied loses the session, too")
    func denied() throws {
        try expectRefusal(
            try policy(ssh: "from: any", "sources: {bad: [203.0.113.9, 198.51.100.0/24]}\ndeny: [192.0.2.1, bad]"),
            """
            the session and any new connection from 198.51.100.7 to tcp/22 would be refused: \
            "deny" covers the source, by "bad" (POLICY:3)
              rule: inet portreeve input: ip saddr 198.51.100.0/24 counter drop
              to let it in: take 198.51.100.7 out of "deny" (POLICY:3)
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
              to let it in: move "expires" of service "ssh" (POLICY:5)
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
        #expect(terminal.errors.contains("warning: whether a new connection from 198.51.100.7 to tcp/22 would get"))
        #expect(try terminal.run("remove", "--yes") == .success)
        terminal.admins.sessions = [Self.session(on: "wg0"), Self.session(.ipv4(0x7f00_0001), on: "lo")]
        try expectSuccess(path, nil)
    }

    @Test("Every session counts, of either family, and one that is not there any more")
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

    @Test("What is refused already is no reason to refuse, but to say so")
    func already() throws {
        #expect(try terminal.run("apply", try policy(), "--yes", "--force") == .success)
        try expectSuccess(
            try policy(ssh: "from: 10.9.0.0/16"),
            """
            a new connection from 198.51.100.7 to tcp/22 would be refused, as now: \
            service "ssh" is not open to this source (POLICY:5)
              rule: inet portreeve refuse: counter drop
              to let it in: add 198.51.100.7 to "from" of service "ssh" (POLICY:5)
            """)
        // The session that is left is another matter.
        let path = try policy(ssh: "from: 10.9.0.0/16", "deny: [198.51.100.7]")
        #expect(try terminal.run("apply", path, "--yes") == .refused)
        #expect(terminal.errors.contains("the session from 198.51.100.7 to tcp/22 would be refused: \"deny\" covers"))
    }

    @Test("What another table refuses is its doing, and what it leaves open is said")
    func foreign() throws {
        let dropping = [Expression.verdict(.drop)]
        terminal.store.others = [other(dropping)]
        try expectSuccess(
            try policy(),
            """
            the session and any new connection from 198.51.100.7 to tcp/22 would be refused, as now: \
            another table refuses it: "ip other in: drop"
              rule: ip other in: drop
              to let it in: change the rule of table ip other
            """)
        terminal.store.others = [other([.opaque(name: "osf", attributes: [])] + dropping)]
        #expect(try terminal.run("apply", try policy(ssh: "from: any"), "--yes") == .success)
        #expect(terminal.errors.contains("would get through is not known: what is not known decides: \"ip other in:"))
    }

    private func other(_ expressions: [Expression]) -> Table {
        let base = BaseChain(type: "filter", hook: .input, priority: -5, policy: .accept)
        return Table(
            name: TableName(family: .ipv4, name: "other"),
            chains: [Chain(name: "in", base: base, rules: [Rule(expressions)])])
    }

    @Test("That nobody could be found is no proof that nobody is there")
    func doubt() throws {
        terminal.admins = AdminSessions(doubt: "no privilege to look")
        try expectSuccess(
            try policy(), "who works on this host could not be found out: no privilege to look")
    }

    @Test("Nobody is locked out by what changes nothing")
    func inSync() throws {
        let path = try policy()
        #expect(try terminal.run("apply", path, "--yes", "--force") == .success)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.errors.isEmpty)
    }

    @Test("Going back is guarded, too, though nothing is known of the policy; undoing what waits is not")
    func rollback() throws {
        #expect(try terminal.run("apply", try policy(), "--yes", "--force") == .success)
        #expect(try terminal.run("apply", try policy(ssh: "from: any"), "--yes") == .success)
        let commits = terminal.store.commits
        #expect(try terminal.run("rollback", "--yes") == .refused)
        #expect(
            terminal.errors == """
                portreeve: this would lock you out, and nothing was changed: \
                a new connection from 198.51.100.7 to tcp/22 would be refused
                  rule: inet portreeve refuse: counter drop
                  or pass --force

                """)
        #expect(terminal.store.commits == commits)
        #expect(try terminal.run("rollback", "--yes", "--force") == .success)
        #expect(try terminal.run("apply", try policy(ssh: "from: any"), "--yes", "--confirm", "1h") == .success)
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(terminal.errors.isEmpty)
    }
}
