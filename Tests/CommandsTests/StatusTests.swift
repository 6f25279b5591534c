import Addressing
import Commands
import Listeners
import Policies
import Rulesets
import System
import Testing

@Suite("portreeve status, and init on the same host")
struct StatusTests {
    private let sshd = SocketProcess(
        pid: 812, name: "sshd", executable: "/usr/sbin/sshd", unit: "ssh.service", user: "root")
    private let nginx = SocketProcess(
        pid: 900, name: "nginx", executable: "/usr/sbin/nginx", unit: "nginx.service", user: "www-data")

    /// A host with twelve kinds of listener.
    private var sockets: [Listener] {
        [
            .sample(.tcp, 22, .processes([sshd])), .sample(.tcp, 80, .processes([nginx])),
            .sample(.tcp, 443, at: .ipv4(0), .processes([nginx])), .sample(.udp, 443, .processes([nginx])),
            .sample(.tcp, 2049, .kernel), .sample(.udp, 51820, at: .ipv4(0), .kernel),
            .sample(.tcp, 5432, at: .ipv4(0x7f00_0001), .processes([nginx])),
            .sample(.udp, 53, at: .ipv4(0x7f00_0035), .processes([nginx])),
            .sample(.tcp, 9999, .unknown("no privilege: run as root")),
            .sample(.udp, 40000, .processes([sshd])),
            .sample(
                .tcp, 631,
                .processes([
                    SocketProcess(pid: 1, name: "systemd", executable: "/usr/lib/systemd/systemd", unit: "init.scope")
                ])),
            .sample(
                .tcp, 25,
                .processes([
                    SocketProcess(pid: 5, name: "9 Odd: \"name\"", executable: "/opt/9 Odd: \"name\"", user: "mail")
                ])),
        ]
    }

    @Test("One row per port, aligned, within 80 columns")
    func rows() throws {
        let terminal = try Terminal()
        (terminal.outputColumns, terminal.forbidsColor) = (80, true)
        let path = try terminal.write(
            "version: 1\nservices: {web: {ports: [80, 443, 8000-8100], from: any, why: x}, old: {ports: 70, from: any, why: x}}"
        )
        _ = try terminal.run("apply", path, "--yes")
        _ = try terminal.write(
            """
            version: 1
            sources: {administrators: [10.0.0.0/8, "2001:db8::/32"]}
            services:
              ssh: {ports: 22, from: [administrators, 192.0.2.0/24, 198.51.100.0/24], owner: operations@example.org, expires: 2027-12-31, why: x}
              web: {ports: [80, 443, 8000-8100], from: any, why: x}
            """)
        terminal.sockets.listeners = Array(sockets.prefix(4)) + [.sample(.tcp, 2222, .processes([sshd]))]
        #expect(try terminal.run("status", path) == .success)
        #expect(
            terminal.output.hasPrefix(
                "state: the policy was edited\n  in force: change 1 of 2027-01-15T08:00:00Z\n"
                    + "  in the file: \"old\" removed, \"ssh\" added\n  run \"portreeve apply\n"),
            "\(terminal.output)")
        #expect(
            terminal.output.hasSuffix(
                """
                PORT           SERVICE  FROM               OPEN TO  LOADED  LISTENER  UNTIL
                tcp/22         ssh      administrators,    no one   no      sshd      2027-12-31
                                        192.0.2.0/24,
                                        198.51.100.0/24
                tcp/70         old      -                  anyone   yes     -         -
                tcp/80         web      any                same     yes     nginx     -
                tcp/443        web      any                same     yes     nginx     -
                tcp/2222       -        -                  no one   -       sshd      -
                tcp/8000-8100  web      any                same     yes     -         -
                udp/443        -        -                  no one   -       nginx     -
                a wider terminal also shows OWNER
                verify has 7 warnings in all, also about ports, connections or the policy

                """), "\(terminal.output)")
        #expect(terminal.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        terminal.outputColumns = nil
        _ = try terminal.run("status", path)
        #expect(terminal.output.contains("  administrators, 192.0.2.0/24, 198.51.100.0/24  "))
    }

    /// The headline of `status` with the lines below it, and the states for programs.
    private func state(_ terminal: Terminal, _ path: String) throws -> (line: String, words: [String]?) {
        #expect(try terminal.run("status", path) == .success)
        let all = terminal.output.split(separator: "\n")
        let line = (all.prefix(1) + all.dropFirst().prefix { $0.hasPrefix("  ") }).joined(separator: "\n")
        _ = try terminal.run("status", path, "--format", "json")
        return (line, try terminal.json()["state"] as? [String])
    }

    @Test("The first line is the state of the host: in sync, not loaded, drifted, edited, pending, overdue")
    func states() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        #expect(
            try state(terminal, path) == (
                "state: not loaded\n  \"portreeve apply \(path)\" loads the policy", ["not-loaded"]
            ))
        _ = try terminal.run("apply", path, "--yes")
        #expect(try state(terminal, path) == ("state: in sync", ["in-sync"]))
        let table = try #require(terminal.store.table)
        var rules = table.chains
        let input = try #require(rules.firstIndex { $0.name == "input" })
        rules[input].rules.insert(Rule([.verdict(.accept)]), at: 0)
        terminal.store.put(
            Table(name: table.name, userdata: table.userdata, chains: rules, sets: table.sets, objects: table.objects))
        #expect(
            try state(terminal, path) == (
                "state: drifted\n  \"portreeve verify \(path)\" lists 1 difference", ["drifted"]
            ))
        _ = try terminal.write(web.replacing("ports: 5432", with: "ports: 5433"))
        let edited = try state(terminal, path)
        #expect(edited.words == ["drifted", "edited"])
        #expect(edited.line.hasPrefix("state: drifted; the policy was edited\n"))
        #expect(
            edited.line.contains("\n  applied last: change 1 of 2027-01-15T08:00:00Z\n  in the file: \"db\" changed\n"))
        _ = try terminal.run("apply", path, "--yes", "--confirm", "2m")
        #expect(
            try state(terminal, path) == (
                "state: change 2 is in force, is not confirmed and will be undone in 2m, at 2027-01-15T08:02:00Z\n  run \"portreeve confirm\" to keep it, "
                    + "or \"portreeve rollback\" to undo it now", ["change-pending"]
            ))
        terminal.uptime += 121_000
        let overdue = try state(terminal, path)
        #expect(overdue.words == ["undo-overdue"])
        #expect(overdue.line.contains("its undo is overdue"))
    }

    @Test("A table that another program deleted is named with the change that loaded it")
    func deleted() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        _ = try terminal.run("apply", path, "--yes")
        terminal.store.put(nil)
        #expect(
            try state(terminal, path) == (
                "state: not loaded\n  change 1 of 2027-01-15T08:00:00Z loaded a table that is gone: another program "
                    + "deleted it, or it was not loaded at boot; \"portreeve apply \(path)\" loads the policy",
                ["not-loaded"]
            ))
    }

    @Test("Tables in the way are a state unless the policy accepts them, and a file that cannot be used is one")
    func neighbours() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        _ = try terminal.run("apply", path, "--yes")
        let base = BaseChain(type: "filter", hook: .input, priority: -1, policy: .accept)
        terminal.store.others = [
            Table(
                name: TableName(family: .inet, name: "f2b-table"),
                chains: [Chain(name: "watch", base: base, rules: [Rule([.verdict(.drop)])])])
        ]
        let found = try state(terminal, path)
        #expect(found.words == ["overridden"])
        #expect(
            found.line
                == "state: other tables change what the policy allows (inet f2b-table)\n  \"portreeve verify \(path)\" says how"
        )
        _ = try terminal.run("status", path)
        #expect(terminal.output.contains("no one"))
        // One command lists both, in one line.
        let table = try #require(terminal.store.table)
        let chains = table.chains.map { $0.name == "refuse" ? Chain(name: $0.name, rules: []) : $0 }
        terminal.store.put(Table(name: table.name, userdata: table.userdata, chains: chains, sets: table.sets))
        let both = try state(terminal, path)
        #expect(both.words == ["drifted", "overridden"])
        #expect(
            both.line == """
                state: drifted; other tables change what the policy allows (inet f2b-table)
                  "portreeve verify \(path)" lists 1 difference and the rules of other tables
                """)
        terminal.store.put(table)
        _ = try terminal.write(
            web + "accepted: [{finding: foreign-override, table: inet f2b-table, why: bans}]\n")
        #expect(try state(terminal, path).words == ["in-sync"])
        _ = try terminal.write("version: 1\nservices: {web: {ports: 0, from: any, why: x}}\n")
        #expect(try state(terminal, path).words == ["overridden", "edited"])
        #expect(terminal.output.contains("\"web\""))
    }

    @Test("A row says which clients can connect, and entries of trusted have rows")
    func clients() throws {
        let terminal = try Terminal()
        let path = try terminal.write(
            """
            version: 1
            trusted: {cluster: {interfaces: cni0, why: Pods}}
            services:
              web: {ports: 80, from: any, why: x}
              db: {ports: 5432, from: 10.0.0.0/8, interfaces: "wg*", why: x}
            """)
        _ = try terminal.run("apply", path, "--yes")
        terminal.sockets.listeners = [.sample(.tcp, 9000, .processes([nginx]))]
        #expect(try terminal.run("status", path) == .success)
        #expect(
            terminal.output == """
                state: in sync
                PORT      SERVICE  FROM               OPEN TO       LOADED  LISTENER
                any       cluster  any on cni0        same          yes     -
                tcp/80    web      any                same          yes     -
                tcp/5432  db       10.0.0.0/8 on wg*  same          yes     -
                tcp/9000  -        -                  trusted only  -       nginx
                the rules are in sync; verify has 2 warnings about ports, connections or the policy

                """)
        // Without the table everything is open, and the rows say so.
        terminal.store.put(nil)
        _ = try terminal.run("status", path)
        #expect(
            terminal.output.hasSuffix(
                """
                PORT      SERVICE  FROM               OPEN TO  LOADED  LISTENER
                any       cluster  any on cni0        same     no      -
                tcp/80    web      any                same     no      -
                tcp/5432  db       10.0.0.0/8 on wg*  anyone   no      -
                tcp/9000  -        -                  anyone   -       nginx
                verify has 2 errors and 2 warnings in all, also about ports, connections or the policy

                """), "\(terminal.output)")
        #expect(try terminal.run("verify", path) == .difference)
        #expect(terminal.output.hasSuffix("verify: 2 errors, 2 warnings\n"), "\(terminal.output)")
        _ = try terminal.run("status", path, "--format", "json")
        let ports = try #require(try terminal.json()["ports"] as? [[String: Any]])
        #expect(ports.map { $0["exposure"] as? String } == ["trusted", "reachable", "reachable", "reachable"])
        let open = try #require(ports[2]["open_to"] as? [[String: Any]])
        #expect(open.first?["sources"] as? [String] == ["0.0.0.0/0", "::/0"])
        #expect(ports[2]["as_declared"] as? Bool == false)
        #expect(ports[0]["trusted"] as? String == "cluster")
        // Those of an edited file are counted as verify counts them, by the policy in force.
        _ = try terminal.run("apply", path, "--yes")
        _ = try terminal.write("version: 1\nservices: {java: {ports: 9000, from: any, why: x}}\n")
        _ = try terminal.run("status", path)
        let counts = "\nverify has 3 warnings in all, also about ports, connections or the policy\n"
        #expect(terminal.output.hasSuffix(counts), "\(terminal.output)")
        _ = try terminal.run("verify", path)
        #expect(terminal.output.contains("verify: 3 warnings"), "\(terminal.output)")
    }

    @Test("JSON has every value")
    func json() throws {
        let terminal = try Terminal()
        let path = try terminal.write(
            "version: 1\nservices: {ssh: {ports: 22, from: any, owner: o, ticket: T-1, why: w, expires: 2027-12-31}}")
        _ = try terminal.run("apply", path, "--yes")
        terminal.sockets.listeners = [.sample(.tcp, 22, .processes([sshd])), .sample(.tcp, 80, .processes([nginx]))]
        _ = try terminal.run("status", path, "--format", "json")
        let ports = try #require(try terminal.json()["ports"] as? [[String: Any]])
        #expect(ports.map { $0["port"] as? Int } == [22, 80])
        #expect(ports[0]["loaded"] as? String == "yes")
        #expect(ports[0]["declared"] as? Bool == true)
        #expect(ports[0]["as_declared"] as? Bool == true)
        #expect(ports[0]["exposure"] as? String == "reachable")
        #expect(ports[0]["expires"] as? String == "2027-12-31")
        let listeners = try #require(ports[0]["listeners"] as? [[String: Any]])
        let process = (listeners.first?["processes"] as? [[String: Any]])?.first
        #expect(process?["unit"] as? String == "ssh.service")
        #expect(ports[1]["declared"] as? Bool == false)
        #expect(ports[1]["exposure"] as? String == "shielded")
    }

    @Test(
        "init writes a valid policy, closed except for the user's SSH client, without loopback sockets and clients")
    func initial() throws {
        let terminal = try Terminal()
        terminal.sockets.listeners = sockets
        terminal.sshConnection = SSHConnection("203.0.113.9 50000 192.0.2.1 22")
        #expect(try terminal.run("init", "new.yaml") == .success)
        let text = try #require(terminal.memory["new.yaml"])
        let policy = try terminal.policy(text)
        #expect(
            policy.services.map(\.name) == [
                "ipp", "nfs", "nginx", "service-9-odd-name", "ssh", "tcp-9999", "udp-51820",
            ])
        let ssh = try #require(policy.services.first { $0.name == "ssh" })
        #expect(ssh.entries[0].sources.entries == ["ssh-client"])
        #expect(ssh.listener.units == ["ssh.service"])
        #expect(ssh.listener.processes == ["/usr/sbin/sshd"])
        for service in policy.services where service.name != "ssh" {
            #expect(service.entries[0].sources.entries == ["nobody"])
        }
        #expect(text.contains("ports: [80/tcp, 443/tcp, 443/udp]"))
        #expect(text.contains("#   tcp/5432 at 127.0.0.1: nginx of nginx.service"))
        #expect(text.contains("#   udp/40000 at ::: sshd of ssh.service"))
        #expect(text.contains("# the kernel itself listens"))
        #expect(try terminal.run("check", try terminal.write(text)) == .success)
    }
}
