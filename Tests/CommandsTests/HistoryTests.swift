import Commands
import Foundation
import Rulesets
import Testing

@Suite("What portreeve history says happened")
struct HistoryTests {
    private let terminal: Terminal
    private let policy: String
    private let narrow: String

    init() throws {
        terminal = try Terminal()
        policy = try terminal.write(web)
        narrow = try terminal.write("version: 1\nservices: {}\n", to: "narrow.yaml")
    }

    /// The stable word for each change, oldest first.
    private func reasons() throws -> [String?] {
        #expect(try terminal.run("history", "--format", "json") == .success)
        let changes = try #require(try terminal.json()["changes"] as? [[String: Any]])
        return changes.reversed().map { $0["reason"] as? String }
    }

    @Test("A change is made and saved although an old one cannot be removed")
    func unprunable() throws {
        func alternate(_ count: Int) throws {
            for number in 0..<count {
                #expect(try terminal.run("apply", number.isMultiple(of: 2) ? policy : narrow, "--yes") == .success)
            }
        }
        try alternate(50)
        #expect(terminal.errors == "")
        let oldest = terminal.folder.appending(path: "state/change-1.confirmed")
        try FileManager.default.removeItem(at: oldest)
        try FileManager.default.createDirectory(at: oldest, withIntermediateDirectories: false)
        try alternate(1)
        #expect(
            terminal.errors.hasPrefix("portreeve: warning: old changes are not removed: deleting "),
            "\(terminal.errors)")
        #expect(try terminal.run("history", "--format", "json") == .success)
        let changes = try #require(try terminal.json()["changes"] as? [[String: Any]])
        #expect(changes.first?["change"] as? Int == 51, "\(changes.first ?? [:])")
    }

    @Test("A change of no service is told by the section that changed")
    func sections() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        let logged = web.replacing("services:", with: "defaults: {log: 5/minute}\nservices:")
        #expect(try terminal.run("apply", try terminal.write(logged), "--yes") == .success)
        #expect(try terminal.run("history") == .success)
        #expect(terminal.output.contains("policy.yaml: \"defaults\" changed\n"), "\(terminal.output)")
    }

    @Test("Changes are applied, undone by the timer or by hand, lost in a reboot, and repair drift")
    func changes() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        let applied = terminal.store.table
        #expect(try terminal.run("apply", narrow, "--yes", "--confirm", "1m") == .success)
        #expect(try terminal.run("rollback") == .success)
        #expect(try terminal.run("apply", narrow, "--yes", "--confirm", "1m") == .success)
        terminal.uptime += 61_000
        #expect(try terminal.run("confirm") == .failure)
        terminal.store.put(nil)
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(terminal.store.table == applied)
        #expect(try terminal.run("apply", narrow, "--yes", "--confirm", "1m") == .success)
        terminal.boot = "another"
        terminal.store.put(nil)
        #expect(try terminal.run("apply", "--boot") == .success)
        #expect(try terminal.run("rollback", "1", "--yes") == .success)
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(
            try reasons() == [
                "applied", "rolled-back", "undone-by-timer", "repaired-drift", "lost-in-reboot", "removed",
            ])
        #expect(try terminal.run("history") == .success)
        let lines = terminal.output.split(separator: "\n").map(String.init)
        for (line, words) in zip(
            lines.dropFirst().reversed(),
            [
                "applied", "undone by alice as root from 198.51.100.7", "undone by the timer", "repaired drift",
                "lost in a reboot",
            ])
        {
            #expect(line.contains("  \(words)  "), "\(line)")
        }
        // The columns of a pipe are aligned, and nothing is cut.
        let column = try #require(lines[0].range(of: "HAPPENED")?.lowerBound)
        #expect(lines.dropFirst().allSatisfy { $0[column] != " " && $0[$0.index(before: column)] == " " })
    }

    @Test("A change that is no longer kept is told apart from one that never was")
    func pruned() throws {
        let terminal = try Terminal()
        for text in [web, "version: 1\nservices: {}\n", web] {
            #expect(try terminal.run("apply", try terminal.write(text), "--yes") == .success)
        }
        let state = terminal.folder.appending(path: "state")
        try FileManager.default.removeItem(at: state.appending(path: "change-1.confirmed"))
        for command in [["diff", "1", "3"], ["history", "--show", "1"], ["rollback", "1"]] {
            #expect(try terminal.run(command) == .failure)
            #expect(terminal.errors == "portreeve: change 1 is no longer kept: the oldest is 2\n")
        }
        #expect(try terminal.run("history", "--show", "4") == .failure)
        #expect(terminal.errors == "portreeve: there is no change 4: run \"portreeve history\" for a list\n")
    }

    @Test("Grants expire, are replaced, revoked, and end with their service or a reboot")
    func grants() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        func grant(_ address: String) throws {
            #expect(
                try terminal.run("grant", "db", policy, "--from", address, "--for", "1h", "--why", "x") == .success)
        }
        for address in ["198.51.100.1", "198.51.100.2", "198.51.100.2"] { try grant(address) }
        #expect(try terminal.run("revoke", "db", "--from", "198.51.100.2") == .success)
        (terminal.uptime, terminal.now) = (terminal.uptime + 3_700_000, terminal.now + 3700)
        try grant("198.51.100.3")
        #expect(try reasons() == ["applied", "expired", "replaced", "revoked", "revoked", "granted"])
        #expect(try terminal.run("apply", narrow, "--yes") == .success)
        #expect(try reasons().suffix(2) == ["ended", "applied"])
        #expect(try terminal.run("history") == .success)
        for words in [
            "granted, expired  ", "granted, replaced by change 4  ", "granted, revoked by change 5  ",
            "granted, ended by change 7  ",
        ] {
            #expect(terminal.output.contains(words), "\(words)")
        }
    }

    @Test("An applied policy has the name of its file, and the services that changed")
    func subject() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        _ = try terminal.write(web.replacing("5432", with: "5433").replacing("web:", with: "shop:"))
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(try terminal.run("history") == .success)
        for words in [
            "  policy.yaml: services: 2 added\n",
            "  policy.yaml: services: 1 added (shop), 1 changed (db), 1 removed (web)\n",
        ] { #expect(terminal.output.contains(words), "\(terminal.output)") }
    }

    @Test("An entry that closed by its date is told at that time, with the change that brought it")
    func expiries() throws {
        let text = "version: 1\nservices:\n  web: {ports: 80, from: any, why: x, expires: \"2027-01-16T00:00:00Z\"}\n"
        #expect(try terminal.run("apply", try terminal.write(text), "--yes") == .success)
        #expect(try terminal.run("history") == .success)
        #expect(!terminal.output.contains("expired"))
        terminal.now += 86_400
        #expect(try terminal.run("history") == .success)
        #expect(terminal.output.contains("1       2027-01-16T00:00:00Z  -"), "\(terminal.output)")
        #expect(terminal.output.split(separator: "\n")[1].hasSuffix("expired   web"), "\(terminal.output)")
        #expect(try terminal.run("history", "--format", "json") == .success)
        let changes = try #require(try terminal.json()["changes"] as? [[String: Any]])
        let expired = try #require(changes[0]["expired"] as? [[String: String]])
        #expect(expired == [["service": "web", "time": "2027-01-16T00:00:00Z"]])
    }

    @Test("On a terminal the newest 20 changes are listed, and --all lists every one, as a pipe and JSON do")
    func many() throws {
        for number in 1...25 {
            #expect(try terminal.run("apply", number.isMultiple(of: 2) ? policy : narrow, "--yes") == .success)
        }
        func count(_ words: String...) throws -> Int {
            #expect(try terminal.run(["history"] + words) == .success)
            return terminal.output.split(separator: "\n").count { $0.first?.isNumber == true && $0.contains("applied") }
        }
        #expect(try count() == 25)
        (terminal.outputColumns, terminal.forbidsColor) = (100, true)
        #expect(try count() == 20)
        #expect(terminal.output.hasSuffix("\n5 older changes are left out: --all lists them\n"), "\(terminal.output)")
        #expect(terminal.output.contains("\n25 ") && !terminal.output.contains("\n5   "))
        #expect(try count("--all") == 25)
    }
}
