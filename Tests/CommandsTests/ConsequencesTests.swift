import Addressing
import Commands
import Listeners
import Rulesets
import Testing

@Suite("The breakages of a plan")
struct ConsequencesTests {
    private let terminal: Terminal

    init() throws { terminal = try Terminal() }

    private func listener(
        _ transport: TransportProtocol, _ port: UInt16, _ address: IPAddress = .ipv6(0), _ name: String = "node"
    ) -> Listener {
        Listener(
            transport: transport, address: address, port: port, isDualStack: true, inode: 1,
            owners: .processes([SocketProcess(pid: 7, name: name, executable: "/usr/bin/\(name)", user: "app")]))
    }

    /// A table of another program with one chain of these rules.
    private func table(_ name: String, _ hook: Hook, _ priority: Int32, _ rules: [Rule]) -> Table {
        let base = BaseChain(
            type: hook == .prerouting ? "nat" : "filter", hook: hook, priority: priority, policy: .accept)
        return Table(
            name: TableName(family: .inet, name: name), chains: [Chain(name: "theirs", base: base, rules: rules)])
    }

    private func to(_ port: UInt8, _ statements: Expression...) -> Rule {
        Rule(
            [
                .meta(.transportProtocol, into: .first), .compare(Comparison([6])),
                .payload(Payload(base: .transport, offset: 2, length: 2)), .compare(Comparison([0, port])),
            ] + statements)
    }

    /// The rows of the table of listeners that lose clients, without its heading; columns are separated by two blanks.
    private func rows() -> [String] {
        let section = terminal.output.split(separator: "\n\n").first { $0.hasPrefix("PORT ") }
        return (section?.split(separator: "\n").dropFirst() ?? []).map { line in
            line.split(separator: "  ").map { $0.trimmingPrefix { $0 == " " } }.joined(separator: "|")
        }
    }

    private func breaks() throws -> [String] {
        let output = terminal.output.split(separator: "\n")
        return output.filter { $0.hasPrefix("! ") }.map { String($0.dropFirst(2)) }
    }

    @Test("Raw sockets that wait for a protocol without ports")
    func rawSockets() throws {
        let vrrp = TransportProtocol(rawValue: 112)
        terminal.sockets.raw = [
            listener(vrrp, 0, .ipv4(0xe000_0012), "keepalived"),
            listener(TransportProtocol(rawValue: 89), 0, .ipv4(0), "bird"),
            listener(.icmp, 0, .ipv4(0), "ping"),
        ]
        _ = try terminal.run("plan", try terminal.write(web))
        #expect(
            rows() == [
                "ospf|bird (pid 7)|any IPv4 address|closed: not in the policy",
                "vrrp|keepalived (pid 7)|any IPv4 address|closed: not in the policy",
            ])
        let narrow = web.replacing(
            "services:", with: "services:\n  ha: {protocols: [112, 89], from: 192.0.2.1, why: Pair}")
        _ = try terminal.run("plan", try terminal.write(narrow))
        #expect(
            rows() == [
                "ospf|bird (pid 7)|any IPv4 address|192.0.2.1", "vrrp|keepalived (pid 7)|any IPv4 address|192.0.2.1",
            ])
    }

    @Test("The first policy: listeners without a service, except clients and loopback")
    func first() throws {
        terminal.sockets.listeners = [
            listener(.tcp, 80), listener(.tcp, 8080), listener(.tcp, 9000, .ipv4(0x7f00_0001)), listener(.udp, 40000),
            listener(.udp, 514, .ipv4(0xc000_0201), "rsyslogd"),
        ]
        _ = try terminal.run("plan", try terminal.write(web))
        #expect(
            rows() == [
                "tcp/8080|node (pid 7)|anyone|closed: not in the policy",
                "udp/514|rsyslogd (pid 7)|any IPv4 address|closed: not in the policy",
            ])
        #expect(terminal.output.hasPrefix("PORT "))
        #expect(terminal.output.contains("\n- every port that is not in the policy closes to everyone\n"))
    }

    @Test("A process that listens on a socket of each family is listed once")
    func families() throws {
        terminal.sockets.listeners = [listener(.tcp, 8080, .ipv4(0)), listener(.tcp, 8080, .ipv6(0))]
        _ = try terminal.run("plan", try terminal.write(web))
        #expect(rows() == ["tcp/8080|node (pid 7)|anyone|closed: not in the policy"])
    }

    @Test("A service with sources takes the port from every other client")
    func narrower() throws {
        terminal.sockets.listeners = [listener(.tcp, 80), listener(.tcp, 5432, .ipv6(0), "postgres")]
        _ = try terminal.run("plan", try terminal.write(web))
        #expect(rows() == ["tcp/5432|postgres (pid 7)|anyone|10.0.0.0/8, 2001:db8::/32"])
        #expect(
            terminal.output.contains("\n- anyone but 10.0.0.0/8, 2001:db8::/32 loses access to tcp/5432 (db)\n"))
        #expect(!terminal.output.contains("\n+ anyone"))
        _ = try terminal.run("plan", try terminal.write(web), "--format", "json")
        let access = try #require(try terminal.json()["access"] as? [String: [[String: Any]]])
        #expect(access["gained"]?.isEmpty == true)
        let lost = try #require(access["lost"]).filter { $0["service"] as? String == "db" }
        #expect(lost.map { $0["port"] as? Int } == [5432, 5432])
        #expect(try #require(access["lost"]).allSatisfy { ($0["port"] as? String)?.hasPrefix("0") != true })
    }

    @Test("Neighbouring ports of one process are one row, behind the ports of services, also for remove and rollback")
    func neighbours() throws {
        terminal.sockets.listeners =
            (3000..<3200).map { listener(.tcp, $0) } + [listener(.tcp, 3200, .ipv6(0), "other"), listener(.tcp, 5432)]
        let path = try terminal.write(web)
        _ = try terminal.run("plan", path)
        #expect(
            rows() == [
                "tcp/5432|node (pid 7)|anyone|10.0.0.0/8, 2001:db8::/32",
                "tcp/3000-3199 (200)|node (pid 7)|anyone|closed: not in the policy",
                "tcp/3200|other (pid 7)|anyone|closed: not in the policy",
            ])
        _ = try terminal.run("apply", path, "--yes")
        _ = try terminal.run("remove", "--dry-run")
        let opened = [
            "tcp/5432|node (pid 7)|10.0.0.0/8, 2001:db8::/32|anyone",
            "tcp/3000-3199 (200)|node (pid 7)|closed|anyone", "tcp/3200|other (pid 7)|closed|anyone",
        ]
        #expect(rows() == opened)
        _ = try terminal.run("remove", "--yes")
        _ = try terminal.run("rollback", "--dry-run")
        #expect(rows().map { $0.split(separator: "|")[0] } == ["tcp/5432", "tcp/3000-3199 (200)", "tcp/3200"])
    }

    @Test("A plan that closes SSH to everyone says so first, since no session of an admin makes apply refuse it")
    func closedSSH() throws {
        terminal.sockets.listeners = [listener(.tcp, 22, .ipv6(0), "sshd"), listener(.tcp, 80, .ipv6(0), "nginx")]
        let warning = "! warning: this closes SSH (tcp/22) to everyone: make sure that you have another way in\n"
        let path = try terminal.write("version: 1\nservices: {web: {ports: 80, from: any, why: x}}\n")
        #expect(try terminal.run("plan", path) == .success)
        #expect(terminal.output.hasPrefix(warning), "\(terminal.output)")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.output.hasPrefix(warning), "\(terminal.output)")
        let open = "version: 1\nservices: {ssh: {ports: 22, from: 10.0.0.0/8, why: x}}\n"
        #expect(try terminal.run("apply", try terminal.write(open), "--yes") == .success)
        #expect(!terminal.output.contains("closes SSH"), "\(terminal.output)")
        #expect(try terminal.run("rollback", "--dry-run") == .success)
        #expect(terminal.output.contains("\n\n" + warning), "\(terminal.output)")
    }

    @Test("A removed service, and one that loses a family")
    func change() throws {
        _ = try terminal.run("apply", try terminal.write(web), "--yes")
        terminal.sockets.listeners = [listener(.tcp, 80), listener(.tcp, 5432)]
        let narrow = "version: 1\nservices:\n  db: {ports: 5432, from: 10.0.0.0/8, why: App database}\n"
        let path = try terminal.write(narrow)
        _ = try terminal.run("plan", path)
        #expect(
            rows() == [
                "tcp/80|node (pid 7)|anyone|closed: no longer in the policy",
                "tcp/5432|node (pid 7)|10.0.0.0/8, 2001:db8::/32|10.0.0.0/8",
            ])
        _ = try terminal.run("plan", path, "--format", "json")
        let json = try #require(try terminal.json()["breaks"] as? [[String: Any]])
        #expect(json.map { $0["kind"] as? String } == ["unreachable-listener", "unreachable-listener"])
        #expect(json.map { $0["port"] as? Int } == [80, 5432])
        #expect(json.map { $0["service"] as? String } == [nil, "db"])
        #expect((json[0]["process"] as? [String: Any])?["pid"] as? Int == 7)
    }

    @Test("A port that was closed before is not lost; neither is one that another table keeps open")
    func others() throws {
        let accept = BaseChain(type: "filter", hook: .input, priority: 10, policy: .drop)
        terminal.store.others = [
            Table(
                name: TableName(family: .inet, name: "old"), chains: [Chain(name: "in", base: accept, rules: [])])
        ]
        terminal.sockets.listeners = [listener(.tcp, 8080)]
        _ = try terminal.run("plan", try terminal.write(web))
        // The policy of the other chain still drops allowed connections.
        let services = ["tcp/80 that service \"web\"", "tcp/443 that service \"web\"", "tcp/5432 that service \"db\""]
        let found = try breaks()
        #expect(found.count == services.count)
        for service in services { #expect(found.contains { $0.contains("inet old drops connections to \(service)") }) }
    }

    @Test("A port that another table publishes is reported once, even with a proxy's listener; a declared port is not")
    func published() throws {
        let rules: [Rule] = [
            to(99, .redirect(PortRedirection(ports: nil)))
        ]
        terminal.store.others = [table("theirs", .prerouting, -100, rules)]
        terminal.sockets.listeners = [listener(.tcp, 99, .ipv6(0), "proxy")]
        _ = try terminal.run("plan", try terminal.write("version: 1\nservices: {}\n"), "--format", "json")
        let json = try #require(try terminal.json()["breaks"] as? [[String: Any]])
        #expect(json.map { $0["kind"] as? String } == ["unreachable-published-port"])
        #expect(json.allSatisfy { $0["table"] as? String == "inet theirs" && $0["port"] as? Int == 99 })
    }

    @Test("Many breakages are counted, and listed with --verbose; an empty plan has none")
    func bounded() throws {
        terminal.sockets.listeners = (0..<25).map { listener(.tcp, 9000 + 2 * $0) }
        let path = try terminal.write("version: 1\nservices: {}\n")
        _ = try terminal.run("plan", path)
        #expect(rows().count == 11)
        #expect(terminal.output.contains("  and 15 more: --verbose shows all\n"))
        _ = try terminal.run("plan", path, "--verbose")
        #expect(rows().count == 25)
        terminal.answer = "y"
        _ = try terminal.run("apply", path)
        #expect(rows().count == 11)
        _ = try terminal.run("plan", path)
        #expect(terminal.output == "in sync: nothing to do\n")
        _ = try terminal.run("plan", path, "--format", "json")
        #expect((try terminal.json()["breaks"] as? [Any])?.isEmpty == true)
    }
}
