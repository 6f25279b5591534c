import Rulesets
import Testing

@testable import Commands

@Suite("Every command gives the same advice while a change is pending")
struct WaitingChangeTests {
    private let terminal: Terminal
    private let policy: String

    private static let untouched = """
        change 1 is not confirmed and will be undone in 2m: run "portreeve confirm" to keep it, \
        or "portreeve rollback" to undo it now
        """
    private var overtaken: String {
        """
        change 1 is not confirmed and will be undone in 2m, and the table was changed since: \
        run "portreeve rollback" to undo it, then "portreeve apply \(policy)"
        """
    }

    init() throws {
        terminal = try Terminal()
        policy = try terminal.write(web)
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "2m") == .success)
    }

    private func edit() throws { _ = try terminal.write(web.replacing("ports: 5432", with: "ports: 5433")) }

    private func tamper() throws {
        let table = try #require(terminal.store.table)
        var chains = table.chains
        let input = try #require(chains.firstIndex { $0.name == "input" })
        chains[input].rules.insert(Rule([.verdict(.accept)]), at: 0)
        terminal.store.put(Table(name: table.name, userdata: table.userdata, chains: chains, sets: table.sets))
    }

    /// The finding of this kind in the output of `verify`.
    private func finding(_ identifier: String) -> Substring? {
        terminal.output.split(separator: "\n").first { $0.hasSuffix("[\(identifier)]") }
    }

    @Test("The question names the time after which the change is undone, and confirm the command that makes it again")
    func madeAgain() throws {
        #expect(try terminal.run("confirm") == .success)
        terminal.answer = "yes"
        #expect(try terminal.run("remove", "--confirm", "2m") == .success)
        #expect(terminal.question.hasPrefix("remove table inet portreeve, to be undone in 2m unless confirmed? every"))
        terminal.uptime += 120_000
        for _ in 1...2 { #expect(try terminal.run("confirm") == .failure) }
        #expect(
            terminal.errors.hasSuffix("the timer undid it: \"portreeve remove --confirm 2m\" makes it again\n"),
            "\(terminal.errors)")
    }

    @Test(
        "After a reboot nothing waits any more, whatever is loaded: a command that changes no rule says so, and goes on"
    )
    func rebooted() throws {
        let table = terminal.store.table
        let lost = "portreeve: change 1 was lost in a reboot before it was confirmed\n"
        (terminal.boot, terminal.uptime) = ("another", 60_000)
        terminal.store.put(table)
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "2m") == .success)
        let kept = "in sync: the rules stay the same; \(policy) is recorded as change 2\n"
        #expect(terminal.errors == lost && terminal.output == kept, "\(terminal.output)")
        #expect(try terminal.run("verify", policy, "--only", "ruleset", "--quiet") == .success)
        #expect(try terminal.run("apply", policy, "--yes") == .success && terminal.errors.isEmpty)
    }

    @Test("After a reboot without a table, remove has nothing to wait for")
    func rebootedBare() throws {
        (terminal.boot, terminal.uptime) = ("another", 60_000)
        terminal.store.put(nil)
        #expect(try terminal.run("remove", "--yes") == .success, "\(terminal.errors)")
        #expect(terminal.errors.contains("change 1 was lost in a reboot before it was confirmed\n"))
        #expect(
            terminal.output.hasPrefix(
                "table inet portreeve was not loaded; change 2 records the removal, so a boot loads nothing"
            ),
            "\(terminal.output)")
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(terminal.output == "table inet portreeve is not loaded: nothing to do\n")
    }

    @Test("The time of the undo is the one that was saved, however the clocks are rounded, unless the clock was set")
    func moment() throws {
        let at = "will be undone in 1m59s, at 2027-01-15T08:02:00Z\n"
        for (now, uptime) in [(1, 999), (0, 1), (1, 0)] as [(Int64, Int64)] {
            (terminal.now, terminal.uptime) = (1_800_000_000 + now, 1_000_000 + uptime)
            #expect(try terminal.run("status", policy) == .success)
            #expect(terminal.output.contains(", at 2027-01-15T08:02:00Z\n"), "\(terminal.output)")
        }
        (terminal.now, terminal.uptime) = (1_800_000_001, 1_000_001)
        #expect(try terminal.run("status", policy) == .success)
        #expect(terminal.output.contains(at), "\(terminal.output)")
        terminal.now += 3600
        #expect(try terminal.run("status", policy) == .success)
        #expect(terminal.output.contains(", at 2027-01-15T09:02:00Z\n"), "\(terminal.output)")
        (terminal.now, terminal.uptime) = (1_800_000_060, 1_060_000)
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "5m") == .success)
        #expect(try terminal.run("status", policy) == .success)
        #expect(terminal.output.contains("in 5m, at 2027-01-15T08:06:00Z\n"), "\(terminal.output)")
    }

    @Test("Where nothing else has happened: confirm or rollback")
    func untouched() throws {
        #expect(try terminal.run("plan", policy) == .success)
        #expect(terminal.output == "in sync: nothing to do\n")
        #expect(terminal.errors == "portreeve: \(Self.untouched)\n")
        #expect(try terminal.run("plan", policy, "--quiet") == .success)
        #expect(terminal.errors.isEmpty)
        #expect(try terminal.run("plan", policy, "--format", "json") == .success)
        #expect(try (terminal.json()["pending"] as? [String: Any])?["change"] as? Int == 1)
        _ = try terminal.run("verify", policy)
        #expect(terminal.errors == "portreeve: \(Self.untouched)\n")
        _ = try terminal.run("verify", policy, "--format", "json")
        #expect(try (terminal.json()["pending"] as? [String: Any])?["seconds_left"] as? Int == 120)
        #expect(try terminal.run("status", policy) == .success)
        #expect(
            terminal.output.hasPrefix(
                "state: change 1 is in force, is not confirmed and will be undone in 2m, at 2027-01-15T08:02:00Z\n  run "
            ),
            "\(terminal.output)")
    }

    @Test("Where the policy was edited: the same first, then apply")
    func edited() throws {
        try edit()
        #expect(try terminal.run("plan", policy) == .success)
        #expect(terminal.errors == "portreeve: warning: apply will refuse this: \(Self.untouched)\n")
        #expect(try terminal.run("apply", policy, "--yes") == .refused)
        #expect(terminal.errors == "portreeve: nothing was changed: \(Self.untouched)\n")
        _ = try terminal.run("verify", policy)
        let advice = "run \"portreeve confirm\" or \"portreeve rollback\" first (change 1 is not confirmed), "
        #expect(
            finding("not-applied")?.contains("\(advice)then \"portreeve apply \(policy)\"; or undo the edit") == true)
    }

    @Test("Where the table was changed: rollback, since confirm refuses")
    func drifted() throws {
        try edit()
        try tamper()
        _ = try terminal.run("verify", policy)
        let advice =
            "  the live table is not what change 1 made: run \"portreeve rollback\", then \"portreeve apply \(policy)\""
        #expect(terminal.output.contains("\n\(advice) with your edit\n"))
        #expect(finding("not-applied")?.contains("run \"portreeve rollback\" first") == true)
        #expect(terminal.errors == "portreeve: \(overtaken)\n")
        #expect(try terminal.run("apply", policy, "--yes") == .refused)
        #expect(terminal.errors == "portreeve: nothing was changed: \(overtaken)\n")
        #expect(try terminal.run("confirm") == .changedUnderneath)
        #expect(terminal.errors.contains("run \"portreeve rollback\" to undo it, then \"portreeve apply \(policy)\""))
        #expect(try terminal.run("status", policy) == .success)
        #expect(
            terminal.output.contains(
                "in 2m, at 2027-01-15T08:02:00Z, and the table was changed since; the policy was edited\n"),
            "\(terminal.output)")
    }

    @Test("Where the table is gone, status advises no apply, which would be refused")
    func gone() throws {
        terminal.store.put(nil)
        #expect(try terminal.run("status", policy) == .success)
        #expect(
            terminal.output.hasPrefix(
                "state: not loaded; change 1 is not confirmed and will be undone in 2m, at 2027-01-15T08:02:00Z, "
                    + "and the table was changed since\n  run \"portreeve rollback\" to undo it, then "))
        #expect(try terminal.run("rollback") == .success)
        #expect(try terminal.run("apply", policy, "--yes") == .success)
    }

    @Test("Where the change has removed the table: confirm or rollback, and no word of drift")
    func removed() throws {
        #expect(try terminal.run("confirm") == .success)
        #expect(try terminal.run("remove", "--yes", "--confirm", "2m") == .success)
        let waits = terminal.store.table
        #expect(waits == nil)
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .difference)
        #expect(
            terminal.output == """
                error: the table is not loaded: change 2, which is not confirmed, removed it; "portreeve confirm" keeps that, \
                "portreeve rollback" loads the table again [ruleset-drift]
                verify: 1 error

                """)
        #expect(try terminal.run("ban", "198.51.100.7", "--for", "1h", "--why", "guessing") == .refused)
        #expect(
            terminal.errors
                == "portreeve: nothing was changed: \(Self.untouched.replacing("change 1", with: "change 2"))\n")
        #expect(try terminal.run("rollback") == .success)
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .success)
        #expect(try terminal.run("remove", "--yes", "--confirm", "2m") == .success)
        #expect(try terminal.run("confirm") == .success)
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .difference)
        #expect(terminal.output.hasPrefix("error: the table is not loaded"), "\(terminal.output)")
    }
}
