import Changes
import Compiler
import Foundation
import Rulesets
import Testing

@testable import Commands

@Suite("portreeve apply --boot")
struct BootTests {
    private let terminal: Terminal
    private let policy: String

    init() throws {
        terminal = try Terminal()
        policy = try terminal.write(web)
    }

    /// Reboots the host: no table is live.
    private func restart() {
        terminal.store.put(nil)
        terminal.boot += "again"
    }

    @Test("Loads the confirmed table, whatever the policy file says, and not the pending one")
    func loading() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        let confirmed = terminal.store.table
        _ = try terminal.write("version: 1\nservices: {}\n")
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "1h") == .success)
        restart()
        #expect(try terminal.run("apply", "--boot") == .success)
        #expect(terminal.store.table == confirmed)
        #expect(terminal.output == "loaded change 1 of 2027-01-15T08:00:00Z by alice as root from 198.51.100.7\n")
        #expect(
            terminal.errors
                == "portreeve: change 2 was lost in a reboot before it was confirmed\n")
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "1h") == .success)
        #expect(try terminal.run("apply", "--boot") == .refused)
    }

    @Test(
        "A boot and an undo, on request or overdue, read no table of others, so that none can delay them")
    func neighbours() throws {
        let other = Table(name: TableName(family: .inet, name: "other"), chains: [], sets: [])
        terminal.store.others = [other]
        let narrow = try terminal.write("version: 1\nservices: {}\n", to: "narrow.yaml")
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        for undo in [["rollback"], ["confirm"]] {
            #expect(try terminal.run("apply", narrow, "--yes", "--confirm", "1m") == .success)
            #expect(terminal.store.namesRead.contains(other.name), "apply evaluates them")
            if undo == ["confirm"] { terminal.uptime += 61_000 }
            terminal.store.namesRead = []
            _ = try terminal.run(undo)
            #expect(terminal.store.namesRead == [Names.table], "\(undo)")
        }
        restart()
        terminal.store.namesRead = []
        #expect(try terminal.run("apply", "--boot") == .success)
        #expect(terminal.store.namesRead == [Names.table])
    }

    @Test("A boot does not confirm an interrupted removal, or an unreadable change")
    func interrupted() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        let confirmed = terminal.store.table
        #expect(try terminal.run("remove", "--yes") == .success)
        let state = terminal.folder.appending(path: "state")
        let (old, new) = (state.appending(path: "change-2.confirmed"), state.appending(path: "change-2.prepared"))
        try FileManager.default.moveItem(at: old, to: new)
        try Data("corrupt".utf8).write(to: state.appending(path: "change-3.prepared"))
        restart()
        #expect(try terminal.run("apply", "--boot") == .success)
        #expect(terminal.store.table == confirmed)
        #expect(terminal.output.hasPrefix("loaded change 1 "))
    }

    @Test("After a removal, a boot loads nothing")
    func removal() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(try terminal.run("remove", "--yes") == .success)
        restart()
        #expect(try terminal.run("apply", "--boot") == .success)
        #expect(terminal.store.table == nil)
    }

    @Test("Without a change to load, the floor is loaded and the unit fails", arguments: [Floor.ssh, .closed])
    func floor(_ floor: Floor) throws {
        #expect(try terminal.run("apply", "--boot", "--floor", floor.rawValue) == .failure)
        let open = floor == .ssh ? "only tcp/22 is open" : "no port is open"
        #expect(terminal.errors.hasSuffix("has no change that can be loaded; loaded the floor instead: \(open)\n"))
        let services = DecompiledPolicy(terminal.store.table).services.map(\.name)
        #expect(terminal.store.table != nil && services == (floor == .ssh ? ["ssh"] : []))
        // A restart of the unit does not replace a live table.
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        let live = terminal.store.table
        let file = terminal.folder.appending(path: "state/change-1.confirmed")
        try Data("corrupt".utf8).write(to: file)
        #expect(try terminal.run("apply", "--boot") == .failure)
        #expect(terminal.errors.hasSuffix("is incomplete or was changed, and is not used; the live table was kept\n"))
        #expect(terminal.store.table == live)
        restart()
        #expect(try terminal.run("apply", "--boot", "--floor", floor.rawValue) == .failure)
        #expect(terminal.store.table != nil)
    }
}
