import Addressing
import Listeners
import Testing

@testable import Commands

@Suite("portreeve rollback shows what it breaks and opens")
struct RollbackTests {
    private let terminal: Terminal
    private let policy: String
    private let narrow: String

    init() throws {
        terminal = try Terminal()
        policy = try terminal.write(web)
        narrow = try terminal.write("version: 1\nservices: {}\n", to: "narrow.yaml")
        let listener = Listener(
            transport: .tcp, address: .ipv4(0), port: 80, isDualStack: false, inode: 1,
            owners: .processes([SocketProcess(pid: 7, name: "nginx", executable: "/usr/sbin/nginx", user: "root")]))
        terminal.sockets = HostSockets(listeners: [listener], ephemeral: EphemeralPorts(range: 32768...60999))
    }

    private static let removal =
        "! this removes the table inet portreeve: every port will be open, unless another table closes it"

    @Test("A rollback to a removal says that it opens every port, in the dry run and before the question")
    func removal() throws {
        for command in [["apply", narrow], ["remove"], ["apply", narrow]] {
            #expect(try terminal.run(command + ["--yes"]) == .success)
        }
        #expect(try terminal.run("rollback", "--dry-run") == .success)
        #expect(terminal.output.contains("\n\(Self.removal)\n\nPORT "), "\(terminal.output)")
        #expect(terminal.output.contains("\ntcp/80  nginx (pid 7)  closed "), "\(terminal.output)")
        terminal.answer = "no"
        #expect(try terminal.run("rollback") == .failure)
        #expect(terminal.output.contains("\n\(Self.removal)\n"))
        #expect(terminal.store.table != nil)
    }

    @Test("The way further back names a removal")
    func further() throws {
        for command in [["apply", policy], ["remove"], ["apply", narrow]] {
            #expect(try terminal.run(command + ["--yes"]) == .success)
        }
        terminal.store.put(nil)
        #expect(try terminal.run("apply", narrow, "--yes") == .success)
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(
            terminal.output == """
                the table of change 3 is loaded already: nothing to do; "portreeve rollback 2" goes further back, \
                to a removal: every port would be open

                """)
    }

    @Test("The dry run shows the listeners that lose clients, and what the lockout guard would refuse")
    func losses() throws {
        for path in [narrow, policy] { #expect(try terminal.run("apply", path, "--yes") == .success) }
        terminal.admins = AdminSessions(sessions: [
            AdminSession(
                client: .ipv4(0xc633_6407), server: Endpoint(.ipv4(0xc000_0201), 80), interface: "eth0",
                interfaceIndex: 2, isEstablished: true)
        ])
        let commits = terminal.store.commits
        #expect(try terminal.run("rollback", "--dry-run") == .success)
        #expect(terminal.output.contains("\ntcp/80  nginx (pid 7)  any IPv4 address  closed\n"), "\(terminal.output)")
        #expect(
            terminal.errors.hasPrefix(
                "portreeve: warning: rollback will refuse this: it would lock you out: a new connection from 198.51.100.7"
            ),
            "\(terminal.errors)")
        #expect(terminal.store.commits == commits)
        #expect(try terminal.run("rollback", "--yes") == .refused)
        #expect(
            terminal.errors.hasPrefix(
                "portreeve: this would lock you out; nothing was changed: a new connection from 198.51.100.7 to tcp/80"),
            "\(terminal.errors)")
        #expect(
            terminal.errors.contains("\n  it goes back to change 1 of 2027-01-15T08:00:00Z by "), "\(terminal.errors)")
        #expect(terminal.errors.contains("\n  \"portreeve history --show 1\" prints its policy"), "\(terminal.errors)")
        #expect(terminal.errors.contains("\n  \"portreeve rollback 1 --force --confirm 2m\" goes back nevertheless"))
    }
}
