import Commands
import Compiler
import Foundation
import Rulesets
import Testing

@Suite("portreeve plan --out and apply of that plan")
struct ReviewedPlanTests {
    private let terminal: Terminal
    private let policy: String
    private let plan: String

    init() throws {
        terminal = try Terminal()
        policy = try terminal.write(web)
        plan = terminal.folder.appending(path: "change.plan").path
    }

    @Test("Apply makes exactly the reviewed changes, even if the policy has changed since")
    func exactly() throws {
        #expect(try terminal.run("plan", policy, "--out", plan, "--detailed-exitcode") == .difference)
        let shown = terminal.output
        #expect(terminal.store.commits == 0)
        let reviewed = compile(try terminal.policy(web)).table
        _ = try terminal.write("version: 1\nservices: {}\n")
        terminal.answer = "y"
        #expect(try terminal.run("apply", plan) == .success)
        #expect(
            terminal.output.hasPrefix("the plan of 2027-01-15T08:00:00Z by alice as root from 198.51.100.7:\n\(shown)"))
        #expect(terminal.output.hasSuffix("applied and read back: generation 1 -> 2\n"))
        #expect(terminal.store.table == reviewed)
        #expect(try terminal.run("history", "--show", "1") == .success)
        #expect(terminal.output.contains(web))
        let mode = try FileManager.default.attributesOfItem(atPath: plan)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("An empty plan does nothing; a plan can be applied once")
    func nothing() throws {
        _ = try terminal.run("apply", policy, "--yes")
        #expect(try terminal.run("plan", policy, "--out", plan) == .success)
        #expect(try terminal.run("apply", plan, "--yes") == .success)
        #expect(terminal.output == "in sync: nothing to do\n")
        _ = try terminal.run("plan", try terminal.write("version: 1\nservices: {}\n"), "--out", plan)
        #expect(try terminal.run("apply", plan, "--yes", "--confirm", "2m") == .success)
        #expect(terminal.armed == 1 && terminal.store.commits == 2)
        _ = try terminal.run("confirm")
        #expect(try terminal.run("apply", plan, "--yes") == .changedUnderneath)
    }

    @Test("A plan for another generation, boot or namespace is refused, and nothing is written")
    func underneath() throws {
        _ = try terminal.run("plan", policy, "--out", plan)
        let other = Table(name: Names.table)
        terminal.store.put(other)
        #expect(try terminal.run("apply", plan, "--yes") == .changedUnderneath)
        #expect(
            terminal.errors == """
                portreeve: the plan was made at generation 1 of the ruleset, which is now at 2; nothing was changed: \
                make and review a new plan

                """)
        _ = try terminal.run("plan", policy, "--out", plan)
        terminal.boot = "another"
        #expect(try terminal.run("apply", plan, "--yes") == .changedUnderneath)
        #expect(terminal.errors.contains("on another host, or before this host was rebooted"))
        terminal.boot = "boot"
        terminal.namespace = 2
        #expect(try terminal.run("apply", plan, "--yes") == .changedUnderneath)
        #expect(terminal.errors.contains("in another network namespace"))
        #expect(terminal.store.table == other && terminal.store.commits == 0)
        terminal.namespace = 1
        terminal.store.interference = { $0.put(other) }
        #expect(try terminal.run("apply", plan, "--yes") == .changedUnderneath)
    }

    @Test("A corrupt plan is named and not used, at whatever byte it is corrupt; so is another file of portreeve")
    func corrupt() throws {
        _ = try terminal.run("plan", policy, "--out", plan)
        let whole = try Data(contentsOf: URL(filePath: plan))
        let cut = stride(from: 20, to: whole.count, by: whole.count / 12).map { whole.prefix($0) }
        let changed = stride(from: 20, to: whole.count, by: whole.count / 12).map { place in
            var bytes = whole
            bytes[place] ^= 1
            return bytes
        }
        for bytes in cut + changed {
            try bytes.write(to: URL(filePath: plan))
            #expect(try terminal.run("apply", plan, "--yes") == .failure)
            #expect(
                terminal.errors
                    == "portreeve: the plan \(plan) is incomplete or was changed, and is not used; nothing was changed\n"
            )
        }
        _ = try terminal.run("apply", policy, "--yes")
        let change = terminal.folder.appending(path: "state/change-1.confirmed").path
        #expect(try terminal.run("apply", change, "--yes") == .failure)
        #expect(terminal.errors.contains("is a state file of portreeve, not a plan"))
        #expect(try terminal.run("apply", plan, "--yes", "--cut-sessions") == .failure)
        #expect(terminal.store.commits == 1)
    }

    @Test("A file that is not a plan is not overwritten")
    func overwriting() throws {
        #expect(try terminal.run("plan", policy, "--out", policy) == .failure)
        #expect(terminal.errors.contains("exists and is not a plan file; not overwritten"))
        #expect(try String(contentsOfFile: policy, encoding: .utf8) == web)
        #expect(try terminal.run("plan", policy, "--out", "/dev/null") == .failure)
        #expect(terminal.errors.contains("/dev/null is not a regular file"))
        #expect(try terminal.run("plan", policy, "--out", plan) == .success)
        #expect(try terminal.run("plan", policy, "--out", plan) == .success)
        #expect(try terminal.run("apply", plan, "--yes", "--cut-sessions") == .usage)
    }
}
