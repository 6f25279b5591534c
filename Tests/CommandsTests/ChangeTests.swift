import Changes
import Compiler
import Foundation
import Rulesets
import Testing

@testable import Commands

@Suite("portreeve apply --confirm, confirm, rollback and history")
struct ChangeTests {
    private let terminal: Terminal
    private let policy: String
    private let narrow: String

    init() throws {
        terminal = try Terminal()
        policy = try terminal.write(web)
        narrow = try terminal.write("version: 1\nservices: {}\n", to: "narrow.yaml")
    }

    @Test("Every change is saved with its author and its policy")
    func history() throws {
        #expect(try terminal.run("history") == .success)
        #expect(terminal.output == "there are no changes yet\n")
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(terminal.output == "table inet portreeve is not loaded: nothing to do\n")
        #expect(try terminal.run("rollback", "--yes") == .failure)
        #expect(terminal.errors.contains("nothing was applied yet"))
        #expect(try terminal.run("history") == .success)
        #expect(terminal.output == "there are no changes yet\n")
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(try terminal.run("apply", narrow, "--yes") == .success)
        #expect(try terminal.run("apply", narrow, "--yes") == .success)
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(terminal.output.contains("+ anyone gains access to any port that is not in the policy\n"))
        (terminal.outputColumns, terminal.forbidsColor) = (80, true)
        #expect(try terminal.run("history") == .success)
        // A line that begins with a space goes on with the row above.
        let rows = terminal.output.split(separator: "\n").filter { !$0.hasPrefix(" ") }
        let changes = rows.map { $0.split(separator: " ").prefix(1).joined() }
        #expect(changes == ["CHANGE", "3", "2", "1"])
        #expect(terminal.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(terminal.output.contains("alice as"), "\(terminal.output)")
        #expect(terminal.output.contains("  applied   narrow.yaml: services: 2\n"), "\(terminal.output)")
        #expect(try terminal.run("history", "--show", "1") == .success)
        #expect(terminal.output.contains(web))
        #expect(try terminal.run("history", "--show", "1", "--format", "json") == .success)
        let json = try terminal.json()
        #expect(json["login"] as? String == "alice" && json["kind"] as? String == "apply")
        #expect((json["ruleset"] as? String)?.contains("table inet portreeve") == true)
        #expect(try terminal.run("diff", "1", "2", "--detailed-exitcode") == .difference)
        #expect(terminal.output.hasPrefix("- tcp/80, tcp/443 (web) from anyone\n"), "\(terminal.output)")
        #expect(try terminal.run("diff", policy, "1", "--detailed-exitcode") == .success)
        #expect(try terminal.run("diff", "3", "1") == .failure)
        #expect(try terminal.run("history", "--show", "9") == .failure)
        #expect(terminal.errors == "portreeve: there is no change 9: run \"portreeve history\" for a list\n")
    }

    @Test("A pending change blocks other changes until it is confirmed")
    func confirming() throws {
        #expect(try terminal.run("confirm") == .failure)
        #expect(terminal.errors == "portreeve: there is no pending change\n")
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "2m") == .success)
        #expect(terminal.armed == 1)
        #expect(
            terminal.errors == """
                change 1 will be undone in 2m: check that you can log in, then run "portreeve confirm"

                """)
        terminal.uptime += 30_000
        #expect(try terminal.run("apply", narrow, "--yes") == .refused)
        #expect(
            terminal.errors == """
                portreeve: nothing was changed: change 1 is not confirmed and will be undone in 1m30s: run "portreeve confirm" to keep it, \
                or "portreeve rollback" to undo it now

                """)
        #expect(try terminal.run("remove", "--yes") == .refused)
        #expect(try terminal.run("rollback", "1") == .refused)
        // Applying the same policy again extends the time.
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "5m") == .success)
        #expect(terminal.armed == 2)
        #expect(try terminal.run("history") == .success)
        #expect(terminal.output.contains("pending, 5m left"))
        #expect(try terminal.run("status", policy) == .success)
        #expect(
            terminal.output.hasPrefix(
                "state: change 1 is in force, is not confirmed and will be undone in 5m, at 2027-01-15T08:05:00Z\n  run \"portreeve confirm\" "
            ))
        #expect(try terminal.run("confirm") == .success)
        #expect(terminal.output == "change 1 is confirmed\n")
        #expect(try terminal.run("apply", narrow, "--yes") == .success)
    }

    @Test("A pending change is undone on request, or when its time is over; then it cannot be confirmed")
    func undoing() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        let before = terminal.store.table
        #expect(try terminal.run("apply", narrow, "--yes", "--confirm", "1m") == .success)
        let pending = terminal.store.table
        #expect(try terminal.run("rollback", "-n") == .success)
        #expect(terminal.output.hasPrefix("undo of change 2\n\n+ ") && terminal.store.table == pending)
        #expect(try terminal.run("rollback") == .success)
        #expect(terminal.output == "change 2 was undone\n")
        #expect(terminal.store.table == before)
        #expect(try terminal.run("apply", narrow, "--yes", "--confirm", "1m") == .success)
        terminal.uptime += 61_000
        #expect(try terminal.run("confirm") == .failure)
        #expect(terminal.errors == "portreeve: change 3 was not confirmed in time, and was undone\n")
        #expect(terminal.store.table == before)
        // If the undo process was killed, the next command undoes an overdue change.
        #expect(try terminal.run("apply", narrow, "--yes", "--confirm", "1m") == .success)
        terminal.uptime += 61_000
        #expect(try terminal.run("status", policy) == .success)
        #expect(
            terminal.output.hasPrefix(
                "state: change 4 was not confirmed in time, and its undo is overdue; another file is in force\n"
                    + "  run \"portreeve rollback\" to undo it now\n  in force: change 4 of "))
        #expect(try terminal.run("history") == .success)
        #expect(terminal.output.contains("pending, overdue"))
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(terminal.errors == "portreeve: change 4 was not confirmed in time, and was undone\n")
        #expect(terminal.store.table == before)
        #expect(try terminal.run("history", "--format", "json") == .success)
        let changes = try #require(try terminal.json()["changes"] as? [[String: Any]])
        #expect(changes.compactMap { $0["outcome"] as? String }.contains("undone"))
    }

    @Test("A late confirmation says what became of the change")
    func late() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(try terminal.run("confirm") == .failure)
        #expect(terminal.errors == "portreeve: there is no pending change: change 1 is confirmed already\n")
        #expect(try terminal.run("apply", narrow, "--yes", "--confirm", "1m") == .success)
        terminal.uptime += 61_000
        #expect(try terminal.run("confirm") == .failure)
        #expect(try terminal.run("confirm") == .failure)
        #expect(
            terminal.errors
                == "portreeve: there is no pending change: change 2 was not confirmed in time, and the timer undid it: "
                + "\"portreeve apply --confirm 2m \(narrow)\" makes it again\n")
        // The file was edited since, so that applying it would make another change.
        try (String(contentsOfFile: narrow, encoding: .utf8) + "# edited\n").write(
            toFile: narrow, atomically: true, encoding: .utf8)
        #expect(try terminal.run("confirm") == .failure)
        #expect(terminal.errors.hasSuffix("and the timer undid it\n"), "\(terminal.errors)")
    }

    @Test("A rollback to the table that is loaded names the way further back")
    func further() throws {
        for path in [narrow, policy] { #expect(try terminal.run("apply", path, "--yes") == .success) }
        let table = try #require(terminal.store.table)
        terminal.store.put(Table(name: table.name, userdata: table.userdata, chains: table.chains, sets: []))
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(
            terminal.output
                == "the table of change 2 is loaded already: nothing to do; \"portreeve rollback 1\" goes further back\n"
        )
        #expect(try terminal.run("rollback", "3", "--yes") == .success)
        #expect(
            terminal.output
                == "the table of change 3 is loaded already: nothing to do; \"portreeve history\" lists the other changes\n"
        )
    }

    @Test("A rollback to the table that is loaded says where there is no way further back")
    func nothingFurther() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        let table = try #require(terminal.store.table)
        terminal.store.put(Table(name: table.name, userdata: table.userdata, chains: table.chains, sets: []))
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(
            terminal.output
                == "the table of change 1 is loaded already: nothing to do, and no earlier change has another table\n")
    }

    @Test("After a missed confirmation, status names the change while the file has it")
    func missed() throws {
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "1m") == .success)
        terminal.uptime += 61_000
        #expect(try terminal.run("confirm") == .failure)
        let cure = "the file still has it: \"portreeve apply --confirm 2m \(policy)\" loads it\n"
        let undone = "of 2027-01-15T08:00:00Z was not confirmed in time, and was undone"
        #expect(try terminal.run("status", policy) == .success)
        #expect(terminal.output.contains("\n  change 1 \(undone); \(cure)"), "\(terminal.output)")
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        _ = try terminal.write(web.replacing("ports: 5432", with: "ports: 5433"))
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "1m") == .success)
        terminal.uptime += 61_000
        #expect(try terminal.run("confirm") == .failure)
        #expect(try terminal.run("status", policy) == .success)
        #expect(terminal.output.hasPrefix("state: change 3 \(undone)\n  in force: change 2 of "), "\(terminal.output)")
        #expect(terminal.output.contains("\n  \(cure)"), "\(terminal.output)")
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .difference)
        #expect(
            terminal.output.contains("warning: change 3 \(undone); \(cure.dropLast()) (in the file: "),
            "\(terminal.output)")
        #expect(!terminal.output.contains("edited since"))
        _ = try terminal.write(web.replacing("ports: 5432", with: "ports: 5434"))
        #expect(try terminal.run("status", policy) == .success)
        #expect(terminal.output.hasPrefix("state: the policy was edited\n"), "\(terminal.output)")
    }

    @Test("An undo says that the file still has the change")
    func leftInFile() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        _ = try terminal.write("version: 1\nservices: {}\n")
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "1m") == .success)
        terminal.memory[policy] = "version: 1\nservices: {}\n"
        #expect(try terminal.run("rollback") == .success)
        #expect(
            terminal.output
                == "change 2 was undone\n\(policy) still has this change: the next apply of that file loads it again\n"
        )
    }

    @Test("After a reboot nothing is pending")
    func restart() throws {
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "1h") == .success)
        terminal.boot = "another"
        #expect(try terminal.run("confirm") == .failure)
        #expect(
            terminal.errors
                == "portreeve: change 1 was lost in a reboot before it was confirmed\n")
    }

    @Test("A rollback restores an earlier table, and says that the policy file differs")
    func rollingBack() throws {
        #expect(try terminal.run("rollback", "--yes") == .failure)
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        let first = terminal.store.table
        #expect(try terminal.run("apply", narrow, "--yes") == .success)
        #expect(try terminal.run("rollback", "--dry-run") == .success)
        #expect(terminal.store.table != first && terminal.output.hasPrefix("back to change 1 of 2027-01-15T08:00:00Z"))
        #expect(terminal.output.contains("\n+ anyone gains access to tcp/80, tcp/443 (web)\n"), "\(terminal.output)")
        #expect(try terminal.run("rollback", "--dry-run", "--format", "json") == .success)
        let access = try #require(try terminal.json()["access"] as? [String: [[String: Any]]])
        #expect(access["gained"]?.isEmpty == false && access["lost"]?.isEmpty == true)
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(terminal.store.table == first)
        #expect(
            terminal.output.hasPrefix("back to change 1 of 2027-01-15T08:00:00Z by alice as root from 198.51.100.7\n"))
        #expect(terminal.output.contains("\n+ anyone gains access to tcp/80, tcp/443 (web)\n"))
        #expect(try terminal.run("rollback", "2", "--yes", "--confirm", "9s") == .success)
        #expect(terminal.store.table != first)
        #expect(try terminal.run("rollback") == .success)
        #expect(terminal.store.table == first)
    }

    @Test("A corrupt file is named, and not used")
    func corrupt() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        let file = terminal.folder.appending(path: "state/change-1.confirmed")
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        #expect(try terminal.run("history") == .success)
        #expect(
            terminal.output
                == "CHANGE  HAPPENED   WHAT\n1       confirmed  unreadable: run \"portreeve history --show 1\"\n")
        #expect(try terminal.run("rollback", "1", "--yes") == .failure)
        #expect(terminal.errors == "portreeve: \(file.path) is incomplete or was changed, and is not used\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: file.path)
        #expect(try terminal.run("rollback", "1", "--yes") == .failure)
        let cure = "another user could have written it; check its contents, then run `chmod go-w \(file.path)`, or"
        #expect(terminal.errors.contains(cure), "\(terminal.errors)")
    }

    @Test("The next command settles the change of a command that was killed")
    func interrupted() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        let state = terminal.folder.appending(path: "state")
        func leave(_ old: String, _ new: String) throws {
            try FileManager.default.moveItem(at: state.appending(path: old), to: state.appending(path: new))
        }
        try leave("change-1.confirmed", "change-1.prepared")
        #expect(try terminal.run("apply", narrow, "--yes") == .success)
        #expect(terminal.errors == "portreeve: change 1 was interrupted after it was made\n")
        try leave("change-1.confirmed", "change-1.prepared")
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(terminal.errors == "portreeve: change 1 was interrupted before it was made\n")
    }

    @Test("The time of the commit does not count for the confirmation")
    func slow() throws {
        terminal.store.interference = { [terminal] _ in terminal.uptime += 90_000 }
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "2m") == .success)
        #expect(try terminal.run("history") == .success)
        #expect(terminal.output.contains("pending, 2m left"))
    }

    @Test("A change that the kernel refuses is not pending")
    func refusedByTheKernel() throws {
        terminal.store.refusal = "no room"
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "1m") == .failure)
        #expect(terminal.errors.contains("no room; nothing was changed"))
        terminal.store.refusal = nil
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(try terminal.run("confirm") == .failure)
    }

    @Test("The last fifty changes are kept")
    func retention() throws {
        for _ in 0..<28 {
            #expect(try terminal.run("apply", policy, "--yes", "--quiet") == .success)
            #expect(try terminal.run("apply", narrow, "--yes", "--quiet") == .success)
        }
        #expect(try terminal.run("history", "--format", "json") == .success)
        let changes = try #require(try terminal.json()["changes"] as? [[String: Any]])
        #expect(changes.compactMap { $0["change"] as? Int } == Array((7...56).reversed()))
    }
}
