import Compiler
import Foundation
import Rulesets
import Testing

@testable import Commands

@Suite("The lifetime of grants")
struct GrantLifetimeTests: GrantTesting {
    let terminal: Terminal
    let policy: String

    init() throws { (terminal, policy) = try Self.loaded() }

    @Test("After a deletion of the table, the grant is restored for the rest of its time")
    func remainder() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        terminal.uptime += 7_000_000
        terminal.store.put(nil)
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(try live == [source("198.51.100.7", 200)])
        #expect(try terminal.run("verify", policy, "--only", "ruleset", "--quiet") == .success)
        #expect(terminal.output == "")
    }

    @Test("Ends with a reboot, with its service, and with the table")
    func endings() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        let other = try terminal.write(
            "version: 1\nservices: {web: {ports: 80, from: any, why: x}}\n", to: "other.yaml")
        #expect(try terminal.run("plan", other) == .success)
        #expect(terminal.output.contains("- grant  ssh from 198.51.100.7  ends with its service\n"))
        #expect(try terminal.run("apply", other, "--yes") == .success)
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(live.isEmpty)
        #expect(try grant("ssh", "198.51.100.7") == .success)
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(live.isEmpty)
        #expect(try grant("ssh", "198.51.100.7") == .success)
        terminal.store.put(nil)
        terminal.boot = "another"
        #expect(try terminal.run("apply", "--boot") == .success)
        #expect(terminal.store.table?.chain("service-ssh") != nil && terminal.store.table?.hasGrantSets == false)
        #expect(try terminal.run("status", policy) == .success)
        #expect(!terminal.output.contains("grant"))
    }

    @Test("Ends with its family, when a policy without it is applied")
    func families() throws {
        #expect(try grant("ssh", "2001:db8::7") == .success)
        #expect(try grant("web", "2001:db8::7") == .success)
        #expect(try grant("ssh", "198.51.100.7") == .success)
        let narrow = try terminal.write(
            grantPolicy.replacing("grant-limit: 4h", with: "grant-limit: 4h, families: [ipv4]"), to: "narrow.yaml")
        #expect(try terminal.run("plan", narrow) == .success)
        #expect(terminal.output.contains("- grant  ssh from 2001:db8::7  ends since \"families\" leaves out ipv6\n"))
        #expect(!terminal.output.contains("- grant  ssh from 198.51.100.7"))
        #expect(try terminal.run("apply", narrow, "--yes", "--confirm", "1h") == .success)
        #expect(try live == [source("198.51.100.7", 7200)])
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(live.count == 3)
        #expect(try terminal.run("apply", narrow, "--yes") == .success)
        #expect(try live == [source("198.51.100.7", 7200)])
        #expect(try terminal.run("verify", narrow, "--only", "ruleset", "--quiet") == .success)
        #expect(terminal.output == "")
        #expect(try terminal.run("status", narrow) == .success)
        #expect(!terminal.output.contains("2001:db8::7"))
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(try live == [source("198.51.100.7", 7200)])
    }

    @Test("Survives an apply, a rollback and a restart of the unit, and is not extended by them")
    func otherChanges() throws {
        let other = try terminal.write(grantPolicy.replacing("Admin", with: "Others"), to: "other.yaml")
        #expect(try terminal.run("apply", other, "--yes") == .success)
        #expect(try grant("ssh", "198.51.100.7") == .success)
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(try live == [source("198.51.100.7", 7200)])
        #expect(try terminal.run("verify", policy, "--only", "ruleset", "--quiet") == .success)
        #expect(try terminal.run("apply", "--boot") == .success)
        #expect(terminal.output.hasPrefix("loaded change 4 "))
        #expect(try live == [source("198.51.100.7", 7200)])
        // The saved tables have no grants.
        #expect(try terminal.run("history", "--show", "4", "--format", "json") == .success)
        #expect(try (terminal.json()["ruleset"] as? String)?.contains("198.51.100.7") == false)
    }

    @Test("An undo does not restore an expired grant; a pending change blocks new grants")
    func undoing() throws {
        #expect(try grant("ssh", "198.51.100.7", "1m") == .success)
        #expect(try grant("ssh", "198.51.100.8") == .success)
        let other = try terminal.write(
            "version: 1\nservices: {web: {ports: 80, from: any, why: x}}\n", to: "other.yaml")
        #expect(try terminal.run("apply", other, "--yes", "--confirm", "5m") == .success)
        #expect(live.isEmpty)
        #expect(try grant("ssh", "198.51.100.9") == .refused)
        #expect(try terminal.run("revoke", "ssh") == .refused)
        terminal.uptime += 100_000
        #expect(try terminal.run("rollback") == .success)
        #expect(try live == [source("198.51.100.8", 7100)])
        #expect(try terminal.run("verify", policy, "--only", "ruleset", "--quiet") == .success)
        #expect(try terminal.run("apply", other, "--yes", "--confirm", "5m") == .success)
        #expect(try terminal.run("confirm") == .success)
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(live.isEmpty)
    }

    @Test("A grant that the kernel refuses is not saved")
    func refusedByTheKernel() throws {
        terminal.store.refusal = "no room"
        #expect(try grant("ssh", "198.51.100.7") == .failure)
        terminal.store.refusal = nil
        #expect(try terminal.run("status", policy) == .success)
        #expect(terminal.output.hasPrefix("state: in sync\nPORT"))
        #expect(try terminal.run("plan", policy, "--detailed-exitcode") == .success)
        terminal.store.interference = { $0.put($0.table) }
        #expect(try grant("ssh", "198.51.100.7") == .changedUnderneath)
        #expect(try terminal.run("plan", policy, "--detailed-exitcode") == .success)
    }

    @Test("A grant does not apply an edited policy")
    func unapplied() throws {
        _ = try terminal.write(grantPolicy.replacing("10.0.0.0/8, why", with: "any, why"))
        #expect(try grant("ssh", "198.51.100.7") == .success)
        #expect(terminal.store.table?.chain("service-ssh")?.rules.first?.description.contains("10.0.0.0/8") == true)
        // The same if the live table was not loaded by portreeve.
        let table = try #require(terminal.store.table)
        terminal.store.put(
            compile(try terminal.policy(grantPolicy.replacing("Site", with: "other"))).table.granting(
                table.grantedSources))
        #expect(try grant("web", "2001:db8::7") == .success)
        #expect(terminal.store.table?.chain("admit-web")?.rules.last?.comment == "other" && live.count == 2)
    }

    @Test("A corrupt file of grants is named, and allows no address")
    func corrupt() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        let file = terminal.folder.appending(path: "state/grants")
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .difference)
        #expect(
            terminal.output.contains("warning: \(file.path) is incomplete or was changed, and is not used [unknown]"))
        #expect(terminal.output.contains("error: set \"grant-ssh-ipv4\" has 198.51.100.7 timeout 7200s"))
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(live.isEmpty && terminal.errors.hasSuffix("and is not used: the grants in it end\n"))
        #expect(try grant("ssh", "198.51.100.7") == .success)
        #expect(try terminal.run("verify", policy, "--only", "ruleset", "--quiet") == .success)
    }

    @Test(
        "A file of grants of a later version is not written over",
        arguments: [["grant", "ssh", "--from"], ["revoke", "ssh", "--from"], ["ban"]])
    func later(words: [String]) throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        let file = terminal.folder.appending(path: "state/grants")
        let later = Data("portreeve grants 3 0000000000000000\n".utf8)
        try later.write(to: file)
        let options = words[0] == "revoke" ? [] : ["--for", "1h", "--why", "x"]
        #expect(try terminal.run(words + ["198.51.100.7"] + options) == .failure)
        #expect(
            terminal.errors.hasSuffix(
                "portreeve: \(file.path) was written by a later version of portreeve (format 3), "
                    + "and is not used; nothing was changed\n"))
        #expect(try Data(contentsOf: file) == later)
    }

    @Test("The next command settles the grant of a command that was killed")
    func interrupted() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        let state = terminal.folder.appending(path: "state")
        func leave(_ number: Int) throws {
            try FileManager.default.moveItem(
                at: state.appending(path: "change-\(number).recorded"),
                to: state.appending(path: "change-\(number).prepared"))
        }
        try leave(2)
        #expect(try grant("ssh", "198.51.100.8") == .success)
        #expect(terminal.errors == "portreeve: change 2 was interrupted after it was made\n")
        #expect(live.count == 2)
        try leave(3)
        try expire("ssh", "198.51.100.8")
        #expect(try grant("ssh", "198.51.100.9") == .success)
        #expect(terminal.errors == "portreeve: change 3 was interrupted before it was made\n")
        #expect(try live == [source("198.51.100.7", 7200), source("198.51.100.9", 7200)])
    }

    @Test("A revocation that was killed before its commit is reported, and finished by the next apply")
    func interruptedRevocation() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        let granted = terminal.store.table
        #expect(try terminal.run("revoke", "ssh") == .success)
        terminal.store.put(granted)
        let state = terminal.folder.appending(path: "state")
        try FileManager.default.moveItem(
            at: state.appending(path: "change-3.recorded"), to: state.appending(path: "change-3.prepared"))
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .difference)
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(terminal.errors.contains("change 3 was interrupted before the commit"))
        #expect(live.isEmpty)
    }

    @Test("A plan file has no grants, and keeps those that are live")
    func reviewedPlan() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        let other = try terminal.write(grantPolicy.replacing("Admin", with: "Others"), to: "other.yaml")
        let file = terminal.folder.appending(path: "plan").path
        #expect(try terminal.run("plan", other, "--out", file) == .success)
        terminal.uptime += 60_000
        #expect(try terminal.run("apply", file, "--yes") == .success)
        #expect(try live == [source("198.51.100.7", 7200)])
        #expect(try terminal.run("verify", other, "--only", "ruleset", "--quiet") == .success)
        #expect(try terminal.run("history", "--show", "3", "--format", "json") == .success)
        #expect(try (terminal.json()["ruleset"] as? String)?.contains("grant-") == false)
    }
}
