import Addressing
import Compiler
import Foundation
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

    @Test("A second rollback reverts the first one, says so, and names the way further back")
    func twice() throws {
        let other = try terminal.write("version: 1\nservices: {ssh: {ports: 22, from: any}}\n", to: "other.yaml")
        for path in [other, policy, narrow] { #expect(try terminal.run("apply", path, "--yes") == .success) }
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(!terminal.output.contains("reverts"), "\(terminal.output)")
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(
            terminal.output.contains(
                "\nthis reverts the rollback of change 4; \"portreeve rollback 1\" goes further back\n"),
            "\(terminal.output)")
        #expect(try terminal.run("rollback", "1", "--yes") == .success)
        #expect(terminal.output.hasPrefix("back to change 1 ") && !terminal.output.contains("reverts"))
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
        #expect(terminal.errors.contains("\n  \"portreeve rollback 1 --force --confirm 2m\" goes back anyway"))
    }

    @Test("Has a line for each service that changes, grants that begin again, and a summary, as a plan has")
    func services() throws {
        let old = "version: 1\nservices:\n  ssh: {ports: 22, from: 10.0.0.0/8, why: Admin}\n"
        let path = try terminal.write(old)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(
            try terminal.run("grant", "ssh", path, "--from", "198.51.100.7", "--for", "1h", "--why", "x") == .success)
        let changed = try terminal.write(
            old.replacing("10.0.0.0/8", with: "10.1.0.0/16") + "  new: {ports: 99, from: any, why: New}\n")
        #expect(try terminal.run("apply", changed, "--yes") == .success)
        let table = try #require(terminal.store.table)
        let granted = try #require(IPAddress(AddressRange("198.51.100.7")))
        terminal.store.put(table.withoutGrant(of: "ssh", to: granted))
        #expect(try terminal.run("rollback", "--dry-run") == .success)
        #expect(
            terminal.output.contains(
                """

                - new  tcp/99  from any  New
                ~ ssh  tcp/22  from 10.1.0.0/16 -> 10.0.0.0/8
                + grant  ssh from 198.51.100.7  again, for 1h

                """), "\(terminal.output)")
        #expect(
            terminal.output.contains("\n\nservices: 0 to add, 1 to change, 1 to remove; "), "\(terminal.output)")
        #expect(!terminal.output.contains("element"))
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(terminal.output.contains("\n~ ssh  tcp/22  from 10.1.0.0/16 -> 10.0.0.0/8\n"))
    }

    @Test("A dry run while a change is pending says that it would be refused; a file that is gone is not said to stay")
    func pending() throws {
        for path in [policy, narrow] { #expect(try terminal.run("apply", path, "--yes") == .success) }
        try FileManager.default.moveItem(atPath: policy, toPath: policy + ".old")
        #expect(try terminal.run("rollback", "1", "--yes", "--confirm", "2m") == .success)
        #expect(
            terminal.output.contains("\n\(policy), which change 1 loaded, does not exist\n"), "\(terminal.output)")
        #expect(try terminal.run("rollback", "2", "--dry-run") == .success)
        #expect(
            terminal.errors.hasPrefix("portreeve: warning: rollback will refuse this: change 3 is not confirmed"),
            "\(terminal.errors)")
        #expect(try terminal.run("rollback", "2", "--yes") == .refused)
    }

    @Test("The file of the earlier change is named, not that of the change that is undone")
    func file() throws {
        for path in [policy, narrow] { #expect(try terminal.run("apply", path, "--yes") == .success) }
        terminal.answer = "n"
        let text =
            "\n\(policy), which change 1 loaded, stays as it is: \"portreeve verify \(policy)\" reports how it differs\n"
        #expect(try terminal.run("rollback") == .failure)
        #expect(terminal.output.contains(text), "\(terminal.output)")
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(terminal.output.contains(text), "\(terminal.output)")
    }
}
