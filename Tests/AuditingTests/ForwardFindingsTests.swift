import Addressing
import Auditing
import Compiler
import Listeners
import Policies
import Reachability
import Rulesets
import Testing

@Suite("Forwards, on the host and beside other tables")
struct ForwardFindingsTests {
    private static func forward(
        _ name: String, _ port: String, to targets: [(String?, UInt16?)], line: Int = 10
    ) throws -> Service {
        var forward = try Service(name, port, line: line)
        forward.forwarding = Forwarding(
            location: .line(line + 2),
            targets: try targets.map { address, port in
                ForwardTarget(
                    address: try address.map { try Endpoint($0, 1).address }, port: port, location: .line(line + 2))
            })
        return forward
    }

    private func policy(published: Defaults.Published = .enforce) throws -> Policy {
        try Policy(
            Self.forward("old", "80/tcp", to: [(nil, 8080)], line: 30),
            Self.forward("web", "443/tcp", to: [("10.0.0.9", 8443), ("fd00::9", 8443)]), published: published)
    }

    private func overrides(_ others: [Table]) throws -> [Finding] {
        let policy = try policy()
        return .foreignOverrides(of: policy, compiled: compile(policy), others: others, in: Circumstances(now: 0))
    }

    private static func table(_ hook: Hook, _ rules: [Rule], policy: BaseChain.Policy = .accept) -> Table {
        Table(
            TableName(family: .inet, name: "filter"), "chain",
            BaseChain(type: "filter", hook: hook, priority: 0, policy: policy), rules)
    }

    @Test("A table that drops what is forwarded is an override, by the port that was dialled")
    func droppedOnTheWay() throws {
        let found = try overrides([Self.table(.forward, [], policy: .drop)])
        #expect(found.map(\.identifier) == [.foreignOverride])
        #expect(found.map(\.service) == ["web"])
        #expect(found.map(\.severity) == [.error])
        #expect(found.first?.port?.range == 443...443)
        let target = try overrides([Self.table(.forward, [.tcp(8443, .drop)])])
        #expect(target.map(\.service) == ["web"])
    }

    @Test("A table that drops the dialled port for this host drops nothing of a forward that leads elsewhere")
    func notOnTheWay() throws {
        #expect(try overrides([Self.table(.input, [.tcp(443, .drop), .tcp(80, .drop)])]) == [])
        #expect(try overrides([Self.table(.input, [.tcp(8080, .drop)])]).map(\.service) == ["old"])
    }

    @Test("Two that redirect one port are an override, whatever `published` says")
    func redirectedTwice() throws {
        let nat = Table(
            TableName(family: .ipv4, name: "nat"), "prerouting",
            BaseChain(type: "nat", hook: .prerouting, priority: -110, policy: .accept), [.tcp(443, sentTo: 80)])
        let found = try overrides([nat])
        #expect(found.map(\.identifier) == [.foreignOverride])
        #expect(found.map(\.service) == ["web"])
        #expect(found.first?.details.isBypass == true)
    }

    private func audit(_ listeners: [Listener]) throws -> [Finding] {
        let policy = try policy()
        let live = LiveRuleset(
            own: compile(policy).table, others: [], drift: [], in: Circumstances(now: 0), now: 0)
        return live.audit(
            of: HostSockets(listeners: listeners, ephemeral: EphemeralPorts(range: 32768...60999)), policy)
    }

    @Test("The port to which a forward leads on this host is declared, and must not be bound to loopback alone")
    func listeners() throws {
        #expect(
            try audit([]).map(\.message).first?.hasPrefix("forward \"old\" leads to tcp/8080, and nothing listens")
                == true)
        #expect(try audit([Listener("::", 8080)]) == [])
        #expect(try audit([Listener("127.0.0.1", 8080)]).map(\.identifier) == [.loopbackOnly])
        #expect(try audit([Listener("::", 8080), Listener("::", 8443)]).map(\.identifier) == [.undeclaredListener])
    }

    private func session(
        dialled: UInt16, server: (String, UInt16), labels: [Int], isForwarded: Bool
    ) throws -> Session {
        let (client, host) = (try Endpoint("192.0.2.9", 50000), try Endpoint("198.51.100.1", dialled))
        let end = try Endpoint(server.0, server.1)
        var tracked = TrackedConnection(
            transport: .tcp, original: .init(from: client, to: host), reply: .init(from: end, to: client),
            isRedirected: true)
        tracked.labels = labels.map(ConntrackLabel.bytes).reduce([UInt8](repeating: 0, count: 16)) { all, one in
            zip(all, one).map { $0 | $1 }
        }
        return Session(
            transport: .tcp, client: client, dialled: host, server: end, peer: client, isForwarded: isForwarded,
            tracked: tracked)
    }

    private static let own = [Label.ownAddress, Label.forwarded]

    @Test(
        "A session is stale where its target was taken out or its forward withdrawn",
        arguments: Defaults.Published.allCases)
    func sessions(published: Defaults.Published) throws {
        let policy = try policy(published: published)
        let audit = SessionAudit(policy: policy, table: compile(policy).table, now: 0)
        let held = [
            try session(dialled: 443, server: ("10.0.0.9", 8443), labels: Self.own, isForwarded: true),
            try session(dialled: 80, server: ("198.51.100.1", 8080), labels: Self.own, isForwarded: false),
        ]
        #expect(audit.stale(held) == [])
        let elsewhere = try session(dialled: 443, server: ("10.0.0.10", 8443), labels: Self.own, isForwarded: true)
        let withdrawn = try session(dialled: 25, server: ("10.0.0.9", 25), labels: Self.own, isForwarded: true)
        let local = try session(dialled: 81, server: ("198.51.100.1", 8080), labels: Self.own, isForwarded: false)
        let stale = audit.stale([elsewhere, withdrawn, local])
        #expect(Set(stale) == [elsewhere, withdrawn, local])
        let messages = audit.findings(about: stale).map(\.message)
        #expect(
            messages.contains {
                $0.contains("tcp/443 (forwarded to 10.0.0.10:8443), and \"web\" no longer leads there")
            })
        #expect(audit.orphaned(stale, by: compile(try self.policy()).table) == [])
    }

    @Test("Another table's redirection is judged as before")
    func foreignSession() throws {
        let policy = try policy()
        let audit = SessionAudit(policy: policy, table: compile(policy).table, now: 0)
        let published = try session(
            dialled: 443, server: ("172.17.0.2", 80), labels: [Label.ownAddress], isForwarded: true)
        #expect(audit.stale([published]) == [])
    }
}
