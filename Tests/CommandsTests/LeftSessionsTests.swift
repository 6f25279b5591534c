import Addressing
import Listeners
import Testing

@testable import Commands

@Suite("Sessions that stay open after revoke and rollback")
struct LeftSessionsTests {
    private let terminal: Terminal
    private let policy: String

    init() throws {
        terminal = try Terminal()
        policy = try terminal.write(
            "version: 1\nservices:\n  ssh: {ports: 22, from: 10.0.0.0/8}\n  web: {ports: 443, from: 10.0.0.0/8}\n")
        try #require(try terminal.run("apply", policy, "--yes") == .success)
        let sockets = [(7, 22), (8, 22), (7, 443)].map { EstablishedConnection(.client($0.0, 40000), at: $0.1) }
        terminal.sessions.list = SessionList(
            sockets: sockets, tracked: [], listeningPorts: [22, 443], addresses: [Endpoint.host(1).address])
    }

    private func grant(_ address: String) throws {
        try #require(
            try terminal.run("grant", "ssh", policy, "--from", address, "--for", "2h", "--why", "repair") == .success)
    }

    private var clients: [String] { terminal.sessions.list.sockets.map { "\($0.remote.address) \($0.local.port)" } }

    @Test("A revoked grant names the sessions of its address and service, and the command that ends them")
    func revoked() throws {
        try grant("192.0.2.7")
        #expect(try terminal.run("revoke", "ssh", "--from", "192.0.2.7") == .success)
        #expect(
            terminal.output == """
                ssh is closed to new connections from 192.0.2.7
                1 session stays open: "portreeve revoke ssh --from 192.0.2.7 --cut-sessions" ends it
                  192.0.2.7:40000 -> tcp/22

                """)
        #expect(clients == ["192.0.2.7 22", "192.0.2.8 22", "192.0.2.7 443"])
        #expect(try terminal.run("revoke", "ssh", "--from", "192.0.2.7", "--cut-sessions") == .success)
        #expect(terminal.output.hasSuffix("nothing to do\nended: 192.0.2.7:40000 -> tcp/22\n"), "\(terminal.output)")
        #expect(clients == ["192.0.2.8 22", "192.0.2.7 443"])
        #expect(try terminal.run("revoke", "ssh", "--from", "192.0.2.7") == .success)
        #expect(!terminal.output.contains("stays open"))
    }

    @Test("Without a table no session is listed, and there is no warning")
    func unloaded() throws {
        try terminal.forgetState()
        terminal.store.put(nil)
        #expect(try terminal.run("revoke", "ssh") == .success)
        #expect(terminal.errors == "" && terminal.output == "no grant is open: the table is not loaded\n")
    }

    @Test("The proposed command that ends sessions has the --confirm that was given")
    func confirmed() throws {
        let ssh = "version: 1\nservices:\n  ssh: {ports: 22, from: 10.0.0.0/8}\n"
        _ = try terminal.write("\(ssh)  web: {ports: 443, from: any}\n")
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        _ = try terminal.write(ssh)
        for option in ["--dry-run", "--yes"] {
            #expect(try terminal.run("apply", policy, option, "--confirm", "5m", "--force") == .success)
            let command = "\"portreeve apply --cut-sessions --confirm 5m \(policy)\""
            #expect(terminal.output.contains(command), "\(option): \(terminal.output)")
        }
    }

    @Test("For programs the sessions are open_sessions, or those that were ended")
    func programs() throws {
        try grant("192.0.2.7")
        try grant("192.0.2.8")
        #expect(try terminal.run("revoke", "ssh", "--from", "192.0.2.8", "--format", "json") == .success)
        #expect((try terminal.json()["open_sessions"] as? [[String: Any]])?.map { $0["port"] as? Int } == [22])
        #expect(try terminal.run("revoke", "ssh", "--cut-sessions", "--format", "json") == .success)
        let sessions = try #require(try terminal.json()["sessions"] as? [String: Any])
        #expect((sessions["ended"] as? [Any])?.count == 2)
        #expect(clients == ["192.0.2.7 443"])
    }

    @Test("A cut keeps the user's own session without --force, and a session of another grant")
    func own() throws {
        try grant("192.0.2.7")
        try grant("192.0.2.8")
        let own = terminal.sessions.list.sockets[0]
        #expect(try terminal.run("revoke", "ssh", "--from", "192.0.2.7") == .success)
        terminal.admins.sessions = [AdminSession(client: own.remote.address, server: own.local)]
        #expect(try terminal.run("revoke", "ssh", "--cut-sessions", "--from", "192.0.2.7") == .success)
        #expect(terminal.errors.contains("your own session was kept; --force also ends it"))
        #expect(try terminal.run("revoke", "ssh", "--cut-sessions", "--from", "192.0.2.7", "--force") == .success)
        #expect(clients == ["192.0.2.8 22", "192.0.2.7 443"])
    }

    @Test("Sessions that cannot be read are no sessions that are known")
    func doubt() throws {
        try grant("192.0.2.7")
        terminal.sessions.list.doubt = "operation not permitted"
        #expect(try terminal.run("revoke", "ssh") == .success)
        #expect(
            terminal.errors
                == "portreeve: warning: cannot list the sessions that stay open: operation not permitted\n")
    }

    /// Applies a policy that is open to any client, so that the first one closes to the sessions.
    private func open(_ arguments: String...) throws {
        let open = try terminal.write(
            "version: 1\nservices:\n  ssh: {ports: 22, from: any}\n  web: {ports: 443, from: any}\n", to: "open.yaml")
        try #require(try terminal.run(["apply", open, "--yes"] + arguments) == .success)
    }

    @Test("A rollback lists the sessions that it leaves open, and the command ends them before or after it")
    func rolledBack() throws {
        try open()
        let line = "\n3 open sessions stay connected unless \"portreeve rollback 1 --cut-sessions\" ends them\n"
        #expect(try terminal.run("rollback", "1", "--dry-run") == .success)
        #expect(terminal.output.contains(line), "\(terminal.output)")
        #expect(try terminal.run("rollback", "1", "--yes") == .success)
        #expect(terminal.output.contains(line))
        #expect(try terminal.run("rollback", "1", "--cut-sessions") == .usage)
        #expect(terminal.output.hasPrefix("no rule changes\n\n--cut-sessions ends 3 open sessions, except"))
        #expect(try terminal.run("rollback", "1", "--cut-sessions", "--yes") == .success)
        #expect(clients.isEmpty && terminal.output.contains("ended: 192.0.2.8:40000 -> tcp/22\n"))
        #expect(throws: (any Error).self) { try terminal.run("rollback", "1", "--cut-sessions", "--dry-run") }
    }

    @Test("A rollback ends the sessions in one step, and one to a removal none")
    func cut() throws {
        try open()
        #expect(try terminal.run("rollback", "--yes", "--cut-sessions") == .success)
        #expect(terminal.output.contains("\n--cut-sessions ends 3 open sessions, except your own\n"))
        #expect(clients.isEmpty)
        #expect(try terminal.run("remove", "--yes") == .success)
        try open()
        terminal.sessions.list.sockets = [EstablishedConnection(.client(9), at: 22)]
        #expect(try terminal.run("rollback", "--yes", "--cut-sessions") == .success)
        #expect(terminal.store.table == nil && clients.count == 1)
    }

    @Test("The undo of a pending change names the sessions, and the change that is in force again")
    func undone() throws {
        try open("--confirm", "2m")
        #expect(try terminal.run("rollback") == .success)
        let line = "\n3 sessions stay open: \"portreeve rollback 1 --cut-sessions\" ends them\n"
        #expect(terminal.output.contains(line), "\(terminal.output)")
        try open("--confirm", "2m")
        #expect(try terminal.run("rollback", "--cut-sessions", "--format", "json") == .success)
        let sessions = try #require(try terminal.json()["sessions"] as? [String: Any])
        #expect((sessions["ended"] as? [Any])?.count == 3 && clients.isEmpty)
    }
}
