import Addressing
import Commands
import Listeners
import Testing

@Suite("portreeve verify, for monitoring systems and cron")
struct ReportTests {
    private let policy = """
        version: 1
        services:
          ssh: {ports: 22, from: any, process: sshd, optional: true, why: Admin}

        """

    private let stranger = Listener(
        transport: .tcp, address: .ipv6(0), port: 8080, isDualStack: true, inode: 1,
        owners: .processes([SocketProcess(pid: 7, name: "x|y", executable: "/opt/x|y", user: "root")]))

    /// A terminal with the policy applied, and the policy's path.
    private func applied() throws -> (Terminal, String) {
        let terminal = try Terminal()
        let path = try terminal.write(policy)
        _ = try terminal.run("apply", path, "--yes")
        return (terminal, path)
    }

    private func unreadable(_ port: UInt16) -> Listener {
        Listener(
            transport: .tcp, address: .ipv6(0), port: port, isDualStack: true,
            owners: .unknown("no privilege to read the descriptors of \(port) processes: run as root"))
    }

    @Test("The line of a monitoring plugin, its performance data and its statuses")
    func nagios() throws {
        let (terminal, path) = try applied()
        #expect(try terminal.run("verify", path, "--format", "nagios").rawValue == 0)
        #expect(
            terminal.output
                == "PORTREEVE OK - in sync: 1 service, generation 2 | errors=0;;0;0 warnings=0;0;;0 notices=0;;;0 services=1;;;0\n"
        )
        terminal.sockets.listeners = [unreadable(22)]
        #expect(try terminal.run("verify", path, "--format", "nagios").rawValue == 3)
        terminal.sockets.listeners += [stranger]
        #expect(try terminal.run("verify", path, "--format", "nagios").rawValue == 1)
        let lines = terminal.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(
            lines[0].hasPrefix("PORTREEVE WARNING - 2 warnings: x/y (pid 7, /opt/x/y, user root) listens on tcp/8080"))
        #expect(lines[0].count { $0 == "|" } == 1)
        #expect(lines[0].hasSuffix("| errors=0;;0;0 warnings=2;0;;0 notices=0;;;0 services=1;;;0"))
        terminal.store.put(nil)
        #expect(try terminal.run("verify", path, "--format", "nagios").rawValue == 2)
        #expect(terminal.output.hasPrefix("PORTREEVE CRITICAL - "))
    }

    @Test("A failed run is unknown to a monitoring system, in the output that the system reads")
    func failure() throws {
        let terminal = try Terminal()
        #expect(try terminal.run("verify", "/nowhere.yaml", "--format", "nagios").rawValue == 3)
        #expect(terminal.output.hasPrefix("PORTREEVE UNKNOWN - there is no policy /nowhere.yaml: "))
        #expect(try terminal.run("verify", "/nowhere.yaml", "--format", "prometheus", "--output", "m") == .failure)
        #expect(terminal.memory["m"]?.contains("portreeve_last_run_success 0\n") == true)
        #expect(terminal.memory["m"]?.contains("portreeve_findings") == false)
    }

    @Test("Metrics have every id and severity, and the file is replaced atomically")
    func prometheus() throws {
        let (terminal, path) = try applied()
        terminal.sockets.listeners = [stranger]
        #expect(try terminal.run("verify", path, "--format", "prometheus", "--output", "metrics.prom") == .difference)
        #expect(terminal.output.isEmpty)
        let metrics = try #require(terminal.memory["metrics.prom"])
        #expect(metrics.contains("portreeve_findings{id=\"undeclared-listener\",severity=\"warning\"} 1\n"))
        #expect(metrics.contains("portreeve_findings{id=\"ruleset-drift\",severity=\"error\"} 0\n"))
        #expect(metrics.contains("portreeve_last_run_success 1\n"))
        #expect(metrics.hasSuffix("portreeve_last_run_timestamp_seconds 1800000000\n"))
        for line in metrics.split(separator: "\n") {
            #expect(
                line.hasPrefix("# ")
                    || line.wholeMatch(of: #/[a-z_]+(\{[a-z]+="[a-z0-9-]+"(,[a-z]+="[a-z]+")?\})? \d+/#) != nil)
        }
        // The series do not depend on the findings.
        terminal.sockets.listeners = []
        _ = try terminal.run("verify", path, "--format", "prometheus")
        #expect(terminal.output.split(separator: "\n").count == metrics.split(separator: "\n").count)
    }

    @Test("News: appeared, unchanged, gone; a restart is no news, and the status covers all findings")
    func news() throws {
        let (terminal, path) = try applied()
        func run() throws -> Commands.ExitStatus { try terminal.run("verify", path, "--news", "news") }
        #expect(try run() == .success)
        #expect(terminal.output.isEmpty)
        terminal.sockets.listeners = [stranger]
        #expect(try run() == .difference)
        #expect(terminal.output.hasPrefix("warning: x|y (pid 7"))
        #expect(terminal.output.hasSuffix("verify: 1 new, 0 gone, 1 in all\n"))
        var restarted = stranger
        restarted.owners = .processes([SocketProcess(pid: 8, name: "x|y", executable: "/opt/x|y", user: "root")])
        terminal.sockets.listeners = [restarted]
        #expect(try run() == .difference)
        #expect(terminal.output.isEmpty)
        terminal.sockets.listeners = []
        #expect(try run() == .success)
        #expect(terminal.output.hasPrefix("gone: warning: x|y (pid 8"))
        #expect(terminal.output.hasSuffix("verify: 0 new, 1 gone, 0 in all\n"))
    }

    @Test("A changed number of hidden processes is no news")
    func counts() throws {
        let (terminal, path) = try applied()
        terminal.sockets.listeners = [unreadable(22)]
        _ = try terminal.run("verify", path, "--news", "news")
        var other = unreadable(22)
        other.owners = .unknown("no privilege to read the descriptors of 99 processes: run as root")
        terminal.sockets.listeners = [other]
        _ = try terminal.run("verify", path, "--news", "news")
        #expect(terminal.output.isEmpty)
    }

    @Test("A higher severity is news, and so is the same finding as JSON")
    func severity() throws {
        let (terminal, path) = try applied()
        terminal.sockets.listeners = [stranger]
        _ = try terminal.run("verify", path, "--news", "news", "--only", "listeners")
        terminal.store.put(nil)
        _ = try terminal.run("verify", path, "--news", "news", "--only", "listeners", "--format", "json")
        #expect((try terminal.json()["findings"] as? [[String: Any]])?.first?["severity"] as? String == "error")
        #expect((try terminal.json()["gone"] as? [String])?.count == 0)
        #expect(try terminal.json()["total"] as? Int == 1)
    }

    @Test("A foreign file is named and kept; a concurrent second run fails")
    func refusals() throws {
        let (terminal, path) = try applied()
        for file in [
            "something else\n", "portreeve findings 1\nno tab\n", "portreeve findings 1", "",
            "portreeve findings 2\nerror\tx\n",
        ] {
            terminal.memory["news"] = file
            #expect(try terminal.run("verify", path, "--news", "news") == .failure)
            #expect(terminal.errors.contains("news exists and is not a file of --news"))
            #expect(terminal.memory["news"] == file)
        }
        terminal.locked = ["news"]
        #expect(try terminal.run("verify", path, "--news", "news") == .failure)
        #expect(terminal.errors == "portreeve: another run is using news; nothing was verified: try again\n")
        #expect(throws: (any Error).self) { try terminal.run("verify", path, "--news", "n", "--format", "nagios") }
        #expect(try terminal.run("plan", path, "--format", "nagios") == .usage)
    }
}
