import Addressing
import Commands
import Listeners
import Rulesets
import Testing

@Suite("portreeve verify and apply, sessions")
struct SessionTests {
    private let policy = """
        version: 1
        deny: [192.0.2.66]
        services:
          ssh: {ports: 22, from: 192.0.2.0/28, why: Admin}
          web: {ports: 443, from: any, why: Site}
          db: {ports: 5432, from: any, interfaces: [eth0], why: Data}
          old: {ports: 25, from: any, expires: 2026-01-31, why: Move}
          ask: {ports: 53/udp, from: 192.0.2.1, why: Names}

        """

    /// A host with these connections and listeners on ports 22, 25, 443, 5432 and 8080.
    private func terminal(
        _ sockets: [EstablishedConnection] = [], _ tracked: [TrackedConnection] = []
    ) throws -> Terminal {
        let terminal = try Terminal()
        terminal.sessions.list = SessionList(
            sockets: sockets, tracked: tracked, listeningPorts: [22, 25, 443, 5432, 8080],
            addresses: [Endpoint.host(1).address])
        return terminal
    }

    /// The findings of `verify` about sessions, each as its line with a short path.
    private func findings(
        _ sockets: [EstablishedConnection] = [], _ tracked: [TrackedConnection] = []
    ) throws -> [String] {
        let terminal = try terminal(sockets, tracked)
        let path = try terminal.write(policy)
        // The expired service is a finding, too.
        #expect(try terminal.run("verify", path, "--only", "sessions", "--quiet") == .difference)
        let lines = terminal.output.split(separator: "\n").map(String.init).filter { $0.contains("[stale-session]") }
        return lines.map { $0.replacing("\(path):", with: "policy.yaml:").replacing(path, with: "POLICY") }
    }

    @Test("Says why a session would be refused, and names the line")
    func reasons() throws {
        let sockets = [
            EstablishedConnection(.client(1), at: 22), EstablishedConnection(.client(77), at: 22),
            EstablishedConnection(.client(66), at: 443), EstablishedConnection(.client(1), at: 8080),
            EstablishedConnection(.client(1), at: 25), EstablishedConnection(.client(1), at: 5432, interface: "eth1"),
            EstablishedConnection(.client(2), at: 5432, interface: "eth0"), EstablishedConnection(.client(3), at: 5432),
        ]
        let end = ": \"portreeve apply --cut-sessions POLICY\" ends it [stale-session]"
        let expected = [
            "policy.yaml:4: warning: 192.0.2.77 is connected to tcp/22, and service \"ssh\" is not open to it",
            "policy.yaml:7: warning: 192.0.2.1 is connected to tcp/25, and service \"old\" expired (2026-01-31)",
            "policy.yaml:2: warning: 192.0.2.66 is connected to tcp/443, and is in \"deny\"",
            "policy.yaml:6: warning: 192.0.2.1 is connected to tcp/5432 (on eth1), and service \"db\" is not open on that interface",
            "warning: 192.0.2.1 is connected to tcp/8080, which is not in the policy",
        ]
        #expect(try findings(sockets) == expected.map { $0 + end })
    }

    @Test("If the interface matters, packets are assumed to arrive on the route back to the client")
    func interface() throws {
        let terminal = try terminal([
            EstablishedConnection(.client(1, 1), at: 5432), EstablishedConnection(.client(1, 2), at: 5432),
            EstablishedConnection(.client(1), at: 443),
        ])
        let path = try terminal.write(policy)
        for (route, count) in [(nil, 0), ("eth0", 0), ("eth1", 1), ("wg0", 1)] as [(String?, Int)] {
            terminal.sessions.route = route
            _ = try terminal.run("verify", path, "--only", "sessions")
            let found = terminal.output.split(separator: "\n").filter { $0.contains("2 connections to tcp/5432 (on") }
            #expect(found.count == count, "\(route ?? "none")")
        }
        #expect(terminal.sessions.routings == 4)
    }

    @Test("The direction is conntrack's; for connections picked up midway, the end with a listener is the server")
    func direction() throws {
        let server = EstablishedConnection(.client(77), at: 22)
        let ownClient = EstablishedConnection(.client(77, 443), at: 50000)
        let (inbound, outbound) = (
            TrackedConnection(.client(77), to: .host(22)), TrackedConnection(.host(50000), to: .client(77, 443))
        )
        #expect(try findings([server, ownClient], [inbound, outbound]).count == 1)
        // A client of this host on a port that also has a listener.
        #expect(try findings([server], [TrackedConnection(.host(22), to: .client(77))]).isEmpty)
        var late = TrackedConnection(.host(22), to: .client(77))
        late.isPickedUp = true
        #expect(try findings([server], [late]).count == 1)
        var lateOutbound = TrackedConnection(.client(77, 443), to: .host(50000))
        lateOutbound.isPickedUp = true
        #expect(try findings([ownClient], [lateOutbound]).isEmpty)
        #expect(try findings([ownClient]).isEmpty)
    }

    @Test("Leaves out sessions of this host with itself, without a socket, and without an answer")
    func others() throws {
        let own = [
            EstablishedConnection(.host(40000), at: 8080),
            EstablishedConnection(local: .host(40000), remote: .host(8080)),
        ]
        #expect(try findings(own, [TrackedConnection(.host(40000), to: .host(8080))]).isEmpty)
        #expect(try findings([], [TrackedConnection(.client(77), to: .host(22))]).isEmpty)
        var unanswered = TrackedConnection(.client(77), to: .host(53), .udp)
        #expect(try findings([], [unanswered]).count == 1)
        unanswered.isEstablished = false
        #expect(try findings([], [unanswered]).isEmpty)
    }

    @Test("A forwarded session is checked with its original port, or not at all if the policy ignores published ports")
    func forwarded() throws {
        let allowed = TrackedConnection(.client(1), to: .host(443), sentTo: .container(8080))
        let refused = TrackedConnection(.client(2), to: .host(8000), sentTo: .container(443))
        #expect(
            try findings([], [allowed, refused]) == [
                "warning: 192.0.2.2 is connected to tcp/8000 (forwarded to 172.30.0.2:443), which is not in the policy"
                    + ": \"portreeve apply --cut-sessions POLICY\" ends it [stale-session]"
            ])
        // What was dialled at the address of a cluster, unless a label says that it is this host's.
        var cluster = TrackedConnection(.client(2), to: .cluster(8000), sentTo: .container(443))
        #expect(try findings([], [cluster]).isEmpty)
        cluster.labels = ConntrackLabel.bytes(127)
        #expect(try findings([], [cluster]).isEmpty == false)
        // Connections that this host routes, and ones that it redirects to itself.
        let routed = TrackedConnection(.client(1), to: .container(8080))
        let local = TrackedConnection(.client(1), to: .host(8000), sentTo: .host(443))
        let socket = EstablishedConnection(.client(1), at: 443)
        #expect(try findings([socket], [routed, local]).isEmpty)
        let terminal = try terminal([], [refused])
        let path = try terminal.write("version: 1\ndefaults: {published: ignore}\nservices: {}\n")
        #expect(try terminal.run("verify", path, "--only", "sessions") == .success)
    }

    @Test("The connections of a client are one finding; many clients are cut short in text, not in JSON")
    func many() throws {
        let sockets = (1...50).flatMap { client in
            (1...3).map { EstablishedConnection(.client(100 + client, $0), at: 8080) }
        }
        let lines = try findings(sockets)
        #expect(lines.count == 20)
        #expect(lines[0].contains("192.0.2.101 has 3 connections to tcp/8080"))
        let terminal = try terminal(sockets)
        let path = try terminal.write(policy)
        _ = try terminal.run("verify", path, "--only", "sessions")
        #expect(terminal.output.contains("\n… 50 clients have stale sessions in total; --format json lists them\n"))
        _ = try terminal.run("verify", path, "--only", "sessions", "--format", "nagios")
        #expect(terminal.output.split(separator: "\n").count == 1 + 1 + 20 + 1)
        _ = try terminal.run("verify", path, "--only", "sessions", "--format", "json")
        let findings = try #require(try terminal.json()["findings"] as? [[String: Any]]).filter {
            $0["id"] as? String == "stale-session"
        }
        #expect(findings.count == 50)
        #expect(findings[0]["address"] as? String == "192.0.2.101")
        #expect(findings[0]["port"] as? Int == 8080)
        #expect(findings[0]["protocol"] as? String == "tcp")
    }

    @Test("Owner and age are shown and are no news; without stale sessions no owner is looked up")
    func holders() throws {
        var tracked = TrackedConnection(.client(77), to: .host(22))
        let terminal = try terminal([EstablishedConnection(.client(1), at: 22)], [])
        let path = try terminal.write(policy)
        let arguments = ["verify", path, "--only", "sessions", "--news", "news"]
        _ = try terminal.run(arguments)
        #expect(terminal.sessions.searches == 0)
        tracked.start = terminal.now - 3 * 86400 - 5
        terminal.sessions.list.sockets = [EstablishedConnection(.client(77), at: 22)]
        terminal.sessions.list.tracked = [tracked]
        terminal.sessions.owner = SocketProcess(pid: 812, name: "sshd", executable: "/usr/sbin/sshd", user: "root")
        _ = try terminal.run(arguments)
        #expect(terminal.output.contains("tcp/22 (sshd (pid 812, /usr/sbin/sshd, user root), for 3 d), and service"))
        terminal.sessions.owner?.pid = 813
        terminal.now += 86400
        _ = try terminal.run(arguments)
        #expect(terminal.output.isEmpty)
        terminal.sessions.list.sockets.append(EstablishedConnection(.client(78), at: 22))
        _ = try terminal.run(arguments)
        #expect(terminal.output.contains("192.0.2.78 is connected"))
        #expect(!terminal.output.contains("192.0.2.77 is connected"))
    }

    @Test("If conntrack cannot be read, the rest is unknown, and no cut is complete")
    func doubt() throws {
        let terminal = try terminal()
        terminal.sessions.list.doubt = "operation not permitted"
        let path = try terminal.write("version: 1\nservices: {}\n")
        #expect(try terminal.run("verify", path, "--only", "sessions") == .difference)
        #expect(terminal.output.contains("of protocols other than TCP: operation not permitted [unknown]"))
        #expect(try terminal.run("apply", path, "--yes", "--cut-sessions") == .failure)
        #expect(
            terminal.errors.contains("not every session that the policy refuses was ended: operation not permitted"))
    }

    @Test("A cut ends exactly the refused sessions, except the user's own")
    func cut() throws {
        let (good, bad, own) = (
            EstablishedConnection(.client(1), at: 22), EstablishedConnection(.client(77), at: 22),
            EstablishedConnection(.client(78, 50122), at: 22)
        )
        let terminal = try terminal([good, bad, own])
        let path = try terminal.write(policy)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.sessions.list.sockets.count == 3)
        terminal.admins.sessions = [AdminSession(client: own.remote.address, server: own.local)]
        #expect(try terminal.run("apply", path, "--yes", "--cut-sessions", "--format", "json") == .success)
        let sessions = try #require(try terminal.json()["sessions"] as? [String: Any])
        let ended = try #require(sessions["ended"] as? [[String: Any]])
        #expect(ended.map { $0["address"] as? String } == ["192.0.2.77"])
        #expect((sessions["spared"] as? [[String: Any]])?.first?["client_port"] as? Int == 50122)
        #expect(terminal.sessions.list.sockets == [good, own])
        #expect(try terminal.run("apply", path, "--yes", "--cut-sessions", "--force") == .success)
        #expect(terminal.output.contains("ended: 192.0.2.78:50122 -> tcp/22\n"))
        #expect(terminal.sessions.list.sockets == [good])
    }

    @Test("Where no rule changes, sessions are ended only after a question that lists them")
    func askedCut() throws {
        let terminal = try terminal([EstablishedConnection(.client(77), at: 22)])
        let path = try terminal.write(policy)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try terminal.run("apply", path, "--cut-sessions") == .usage)
        #expect(
            terminal.output
                == "no rule changes\n\n--cut-sessions ends 1 open session, except your own\n  192.0.2.77:40000 -> tcp/22\n"
        )
        #expect(terminal.errors.contains("cannot ask without a terminal; nothing was changed: pass --yes"))
        terminal.answer = "n"
        #expect(try terminal.run("apply", path, "--cut-sessions") == .failure)
        #expect(terminal.sessions.list.sockets.count == 1)
        terminal.answer = "y"
        #expect(try terminal.run("apply", path, "--cut-sessions") == .success)
        #expect(terminal.sessions.list.sockets.isEmpty)
        terminal.answer = nil
        #expect(try terminal.run("apply", path, "--cut-sessions") == .success)
    }

    @Test("If the user's own session cannot be found, none is ended")
    func doubtfulAdmin() throws {
        let terminal = try terminal([EstablishedConnection(.client(77), at: 22)])
        let path = try terminal.write(policy)
        _ = try terminal.run("apply", path, "--yes")
        terminal.admins.doubt = "hidden"
        #expect(try terminal.run("apply", path, "--yes", "--cut-sessions") == .failure)
        #expect(terminal.errors.contains("cannot find your own session (hidden), so none was ended; --force ends all"))
        #expect(terminal.sessions.list.sockets.count == 1)
        #expect(try terminal.run("apply", path, "--yes", "--cut-sessions", "--force") == .success)
        #expect(terminal.sessions.list.sockets.isEmpty)
    }

    @Test("A session that still exists after a cut is a failure")
    func stubborn() throws {
        let terminal = try terminal([EstablishedConnection(.client(77), at: 22)])
        terminal.sessions.isStubborn = true
        let path = try terminal.write(policy)
        #expect(try terminal.run("apply", path, "--yes", "--cut-sessions") == .failure)
        #expect(terminal.errors.contains("192.0.2.77:40000 -> tcp/22: could not be ended"))
        #expect(!terminal.output.contains("ended:"))
    }

    @Test("A plan lists the sessions that it would orphan: none that is refused already, none if it is empty")
    func orphaned() throws {
        let terminal = try terminal([
            EstablishedConnection(.client(77), at: 22), EstablishedConnection(.client(77), at: 8080),
        ])
        _ = try terminal.run(
            "apply", try terminal.write("version: 1\nservices: {ssh: {ports: 22, from: any}}\n"), "--yes")
        let path = try terminal.write(policy)
        _ = try terminal.run("plan", path)
        #expect(
            terminal.output.contains(
                "\n1 open session stays connected unless \"portreeve apply --cut-sessions \(path)\" ends it\n"))
        #expect(terminal.output.hasSuffix("\n  192.0.2.77:40000 -> tcp/22\n"))
        _ = try terminal.run("plan", path, "--format", "json")
        let sessions = try #require(try terminal.json()["sessions"] as? [[String: Any]])
        #expect(sessions.map { $0["port"] as? Int } == [22])
        _ = try terminal.run("apply", path, "--yes")
        _ = try terminal.run("plan", path)
        #expect(!terminal.output.contains("192.0.2.77"))
    }
}
