import Addressing
import Changes
import Compiler
import Foundation
import Listeners
import Testing

@testable import Commands

@Suite("portreeve ban and unban")
struct BanTests {
    private let terminal: Terminal
    private let policy: String

    init() throws {
        terminal = try Terminal()
        policy = try terminal.write(
            """
            version: 1
            never-deny: [10.8.0.0/16]
            services:
              ssh: {ports: 22, from: any, why: Admin}

            """)
        try #require(try terminal.run("apply", policy, "--yes") == .success)
    }

    private func ban(_ address: String, _ time: String = "2h", _ options: String...) throws -> Commands.ExitStatus {
        try terminal.run(["ban", address, "--for", time, "--why", "guessing"] + options)
    }

    private var live: [String: Int64] {
        let banned = terminal.store.table?.bannedSources ?? []
        return Dictionary(uniqueKeysWithValues: banned.map { ("\($0.addresses)", $0.seconds) })
    }

    private func isClean() throws {
        #expect(try terminal.run("verify", policy, "--only", "ruleset", "--quiet") == .success, "\(terminal.output)")
        #expect(try terminal.run("plan", policy, "--detailed-exitcode") == .success)
        let commits = terminal.store.commits
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(terminal.output == "in sync: nothing to do\n" && terminal.store.commits == commits)
    }

    /// Expires a ban as the kernel does.
    private func expire(_ address: String) throws {
        terminal.store.put(terminal.store.table?.withoutBans(of: [try AddressRange(address)]))
    }

    @Test("A ban names the grants that it overrides")
    func overriding() throws {
        let path = try terminal.write(
            "version: 1\nservices: {ssh: {ports: 22, from: 192.0.2.1, why: Admin}}\n", to: "few.yaml")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        let grant = ["grant", "ssh", path, "--from", "203.0.113.7", "--for", "1h", "--why", "repair"]
        #expect(try terminal.run(grant) == .success)
        #expect(try ban("203.0.113.9") == .success && terminal.errors == "", "\(terminal.errors)")
        #expect(try ban("203.0.113.0/29") == .success)
        #expect(
            terminal.errors
                == "portreeve: warning: the ban comes before grants: ssh from 203.0.113.7 is not let in\n")
    }

    @Test("Status, explain and grant say the same of a banned client as the kernel")
    func told() throws {
        let path = try terminal.write(
            """
            version: 1
            services:
              ssh: {ports: 22, from: [192.0.2.66, "2001:db8::66"], why: Admin}

            """, to: "few.yaml")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try terminal.run("status", path) == .success)
        #expect(terminal.output.contains("  same  "))
        #expect(try ban("192.0.2.0/24") == .success)
        #expect(try terminal.run("status", path) == .success)
        // People have a line about the ban, and programs the clients without it.
        #expect(terminal.output.contains("\nban: 192.0.2.0/24, ") && terminal.output.contains("  same  "))
        #expect(terminal.output.contains("\n  OPEN TO does not take bans into account\n"))
        #expect(try terminal.run("status", path, "--format", "json") == .success)
        let row = try #require((try terminal.json()["ports"] as? [[String: Any]])?.first)
        #expect(row["as_declared"] as? Bool == false)
        let clients = (row["open_to"] as? [[String: Any]])?.map { $0["sources"] as? [String] }
        #expect(clients == [["2001:db8::66"]])
        let time = ["--for", "1m", "--why", "x"]
        #expect(try terminal.run(["grant", "ssh", path, "--from", "192.0.2.66"] + time) == .refused)
        #expect(
            terminal.errors
                == "portreeve: 192.0.2.66 is banned (2h left): run \"portreeve unban 192.0.2.0/24\"; "
                + "nothing was changed\n")
        _ = try terminal.run("explain", "192.0.2.66", "22", path)
        #expect(
            terminal.output.contains("\nto let it in: run \"portreeve unban 192.0.2.0/24\"\n"), "\(terminal.output)")
        _ = try terminal.run("explain", "192.0.2.9", "22", path)
        #expect(terminal.output.contains("192.0.2.0/24\", and then change the policy, which also refuses it\n"))
    }

    @Test("Status names the client of a grant")
    func granted() throws {
        let path = try terminal.write(
            "version: 1\nservices:\n  ssh: {ports: 22, from: 192.0.2.66, why: Admin}\n", to: "few.yaml")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try terminal.run("grant", "ssh", path, "--from", "192.0.2.67", "--for", "1m", "--why", "x") == .success)
        #expect(try terminal.run("status", path) == .success)
        #expect(!terminal.output.contains("  same  "))
        #expect(terminal.output.contains("192.0.2.66/31"), "\(terminal.output)")
        #expect(try terminal.run("ban", "192.0.2.67", "--for", "1m", "--why", "x") == .success)
        #expect(try terminal.run("status", path) == .success)
        #expect(terminal.output.contains(" [not in force: banned]\n"), "\(terminal.output)")
    }

    @Test("Shuts out an address or a prefix; neither the ban nor its end is a difference from the policy")
    func banning() throws {
        #expect(try ban("198.51.100.7") == .success)
        #expect(
            terminal.output
                == "198.51.100.7 is banned for 2h, until 2027-01-15T10:00:00Z; \"portreeve unban 198.51.100.7\" ends it\n"
        )
        #expect(try ban("2001:db8:bad::/48", "1h") == .success)
        #expect(live == ["198.51.100.7": 7200, "2001:db8:bad::/48": 3600])
        try isClean()
        #expect(try terminal.run("status", policy) == .success)
        #expect(terminal.output.contains("\nban: 2001:db8:bad::/48, 1h left: guessing (alice as root"))
        #expect(try terminal.run("explain", "198.51.100.7", "22", policy) == .success)
        #expect(
            terminal.output.hasPrefix(
                "refuse: 198.51.100.7 to tcp/22 by the live ruleset: the source is banned: 198.51.100.7, 2h left: guessing"
            ),
            "\(terminal.output)")
        #expect(terminal.output.contains("to let it in: run \"portreeve unban 198.51.100.7\"\n"))
        terminal.uptime += 3_600_000
        try expire("2001:db8:bad::/48")
        try isClean()
        #expect(try terminal.run("unban", "198.51.100.7") == .success)
        #expect(terminal.output == "198.51.100.7 is no longer banned\n")
        #expect(live == [:])
        try isClean()
        #expect(try terminal.run("unban", "198.51.100.7") == .success)
        #expect(terminal.output == "198.51.100.7 is not banned: nothing to do\n")
        #expect(try ban("198.51.100.9", "1h") == .success)
        #expect(try terminal.run("unban", "198.51.100.7") == .success)
        #expect(terminal.output == "198.51.100.7 is not banned: nothing to do (banned: 198.51.100.9)\n")
        #expect(try terminal.run("unban", "198.51.100.9") == .success)
        // The next change removes the empty sets.
        _ = try terminal.write(try String(contentsOfFile: policy, encoding: .utf8).replacing("Admin", with: "Other"))
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(terminal.store.table?.hasBanSets == false)
    }

    @Test("Refuses what never-deny protects, loopback, wide prefixes and ranges, and changes nothing")
    func refusals() throws {
        let before = terminal.store.table
        #expect(try ban("10.8.1.2") == .refused)
        #expect(
            terminal.errors == "portreeve: \"never-deny\" (\(policy):2) has 10.8.1.2; nothing was changed\n")
        #expect(try ban("10.0.0.0/8") == .refused)
        #expect(terminal.errors.contains("has 10.8.0.0, which is in 10.0.0.0/8"))
        #expect(try ban("127.0.0.1") == .refused)
        #expect(try ban("128.0.0.0/7") == .refused)
        #expect(terminal.errors.contains("is wider than /8: use --force to ban it"))
        #expect(try ban("2000::/3") == .refused)
        #expect(try ban("192.0.2.1-192.0.2.9") == .usage)
        #expect(try ban("office") == .usage)
        #expect(terminal.errors.hasSuffix("; to shut out a group, add it to \"deny\" in the policy\n"))
        #expect(try ban("192.0.2.1/24") == .usage)
        #expect(terminal.errors.contains("did you mean \"192.0.2.0/24\"?"))
        #expect(throws: (any Error).self) { try terminal.run("ban", "192.0.2.1", "--for", "1h", "--why", " ") }
        #expect(terminal.store.table == before)
        #expect(try ban("128.0.0.0/7", "1h", "--force") == .success)
        #expect(try ban("128.1.2.3") == .success)
        #expect(try terminal.run("unban", "128.1.2.3") == .success)
        #expect(
            terminal.output
                == "128.1.2.3 is still shut out: it is in 128.0.0.0/7, which is also banned; "
                + "\"portreeve unban 128.0.0.0/7\" ends that\n")
        #expect(try terminal.run("unban", "128.1.2.3") == .failure)
        #expect(
            terminal.errors.contains(
                "128.1.2.3 has no ban of its own: it is in 128.0.0.0/7, which is banned; \"portreeve unban 128.0.0.0/7\""
            ))
        terminal.store.put(nil)
        #expect(try ban("198.51.100.7") == .failure)
        #expect(terminal.errors.contains("table inet portreeve is not loaded"))
    }

    @Test("Does not lock out the admin who bans, unless forced")
    func guarded() throws {
        let client = try #require(IPAddress(AddressRange("198.51.100.7")))
        let server = Endpoint(try #require(IPAddress(AddressRange("192.0.2.1"))), 22)
        terminal.admins = AdminSessions(sessions: [AdminSession(client: client, server: server)])
        #expect(try ban("198.51.100.0/24") == .refused)
        #expect(live == [:])
        #expect(try ban("198.51.100.0/24", "1h", "--force") == .success)
        #expect(live.count == 1)
    }

    @Test("The warning about a client that was refused before names the rule that refused it")
    func refusedBefore() throws {
        let client = try #require(IPAddress(AddressRange("203.0.113.7")))
        let server = Endpoint(try #require(IPAddress(AddressRange("192.0.2.1"))), 2222)
        terminal.admins = AdminSessions(sessions: [
            AdminSession(client: client, server: server, isEstablished: false)
        ])
        #expect(try ban("203.0.113.7") == .success)
        #expect(
            terminal.errors == """
                portreeve: warning: a new connection from 203.0.113.7 to tcp/2222 would be refused, as it is now
                  rule: inet portreeve refuse: counter drop

                """)
        #expect(terminal.output.hasPrefix("203.0.113.7 is banned for 2h, until "))
        #expect(terminal.output.hasSuffix("; \"portreeve unban 203.0.113.7\" ends it\n"))
    }

    @Test("A policy that protects a banned address waits for the end of the ban")
    func conflict() throws {
        #expect(try ban("198.51.100.7") == .success)
        _ = try terminal.write(
            "version: 1\nnever-deny: [198.51.100.0/24]\nservices: {ssh: {ports: 22, from: any, why: Others}}\n")
        #expect(try terminal.run("apply", policy, "--yes") == .refused)
        #expect(terminal.errors.contains("run \"portreeve unban 198.51.100.7\" first; nothing was changed"))
        #expect(try terminal.run("unban", "198.51.100.7") == .success)
        #expect(try terminal.run("apply", policy, "--yes") == .success)
    }

    @Test("Goes on over apply, rollback, undo and confirm, and is made while a change waits")
    func lasting() throws {
        #expect(try ban("198.51.100.7") == .success)
        let other = try String(contentsOfFile: policy, encoding: .utf8).replacing("Admin", with: "Other")
        _ = try terminal.write(other)
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "1h") == .success)
        #expect(try ban("198.51.100.8") == .success)
        #expect(Set(live.keys) == ["198.51.100.7", "198.51.100.8"])
        #expect(try terminal.run("confirm") == .success)
        try isClean()
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(Set(live.keys) == ["198.51.100.7", "198.51.100.8"])
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(live == [:])
        try isClean()
    }

    @Test("Thousands are listed in a few lines, and push no change out of the history")
    func many() throws {
        for index in 0..<30 { #expect(try ban("192.0.2.\(index)", "\(index + 1)h", "--quiet") == .success) }
        #expect(live.count == 30)
        #expect(try terminal.run("status", policy) == .success)
        let lines = terminal.output.split(separator: "\n").filter { $0.contains("ban") && !$0.hasPrefix(" ") }
        #expect(lines == ["bans: 30, the next ends in 1h (192.0.2.0): --format json lists all"])
        #expect(terminal.output.contains("  same  "))
        #expect(try terminal.run("status", policy, "--format", "json") == .success)
        #expect((try terminal.json()["bans"] as? [Any])?.count == 30)
        #expect(try terminal.run("history", "--format", "json") == .success)
        let kinds = try #require(try terminal.json()["changes"] as? [[String: Any]]).map { $0["kind"] as? String }
        #expect(kinds == Array(repeating: "ban", count: 20) + ["apply"])
        #expect(try terminal.run("rollback", "3", "--yes") == .failure)
    }

    @Test("Many that are not in force are one group of verify, with one hint")
    func lost() throws {
        for index in 0..<30 { #expect(try ban("192.0.2.\(index)", "1h", "--quiet") == .success) }
        for index in 0..<30 { try expire("192.0.2.\(index)") }
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .success)
        let head = "notice: 30 grants and bans are not in force although they have not expired [ruleset-drift]\n"
        #expect(terminal.output.hasPrefix("\(head)  ban 192.0.2.0, ban 192.0.2.1, "), "\(terminal.output)")
        #expect(terminal.output.contains("\"portreeve apply \(policy)\" restores them; "))
        #expect(terminal.output.split(separator: "\n").count < 12)
        #expect(try terminal.run("verify", policy, "--only", "ruleset", "--verbose") == .success)
        #expect(terminal.output.matches(of: #/not in force although it has not expired/#).count == 30)
    }

    @Test("On a host so slow that time passes while it is made", arguments: [400, 700, 1_400])
    func slow(delay: Int64) throws {
        terminal.delay = delay
        #expect(try ban("198.51.100.7", "2h") == .success, "\(terminal.errors)")
        #expect(live.count == 1)
        terminal.delay = 0
        try isClean()
    }

    @Test("A file of bans that cannot be used is named, and lifts none: the next apply does not know who may come back")
    func corrupt() throws {
        #expect(try ban("198.51.100.7") == .success)
        let file = terminal.folder.appending(path: "state/bans")
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        let fault = "\(file.path) is incomplete or was changed, and is not used"
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .difference)
        #expect(terminal.output == "warning: \(fault) [unknown]\nverify: 1 warning\n")
        let edited = try terminal.write(
            "version: 1\nservices:\n  ssh: {ports: 22, from: any, why: Admin}\n  web: {ports: 80, from: 192.0.2.0/24, why: Web}\n"
        )
        let banned = ["198.51.100.7": Int64(7200)]
        #expect(try terminal.run("apply", edited, "--yes") == .success)
        #expect(terminal.errors == "portreeve: warning: \(fault): the live bans stay\n" && live == banned)
        #expect(try terminal.run("grant", "web", "--from", "203.0.113.5", "--for", "1h", "--why", "x") == .success)
        #expect(terminal.errors.contains("\(fault): the live bans stay\n") && live == banned)
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(terminal.errors.contains("\(fault): the live bans stay\n") && live == banned)
        #expect(try ban("198.51.100.8") == .failure)
        #expect(terminal.errors == "portreeve: \(fault); nothing was changed\n")
        #expect(try Data(contentsOf: file) == bytes)
    }

    @Test("Answers programs in JSON")
    func json() throws {
        #expect(try ban("198.51.100.7", "90m", "--format", "json") == .success)
        let answer = try terminal.json()
        #expect(answer["changed"] as? Bool == true && answer["address"] as? String == "198.51.100.7")
        #expect(answer["until"] as? String == "2027-01-15T09:30:00Z" && answer["change"] as? Int == 2)
        #expect(try terminal.run("unban", "192.0.2.9", "--format", "json") == .success)
        #expect(try terminal.json()["changed"] as? Bool == false)
    }

    @Test("Where no table is loaded, there is no ban to end, unless the next table has it again")
    func missingTable() throws {
        #expect(try ban("198.51.100.7") == .success)
        terminal.store.put(nil)
        #expect(try terminal.run("unban", "198.51.100.7") == .failure)
        #expect(terminal.errors.contains("table inet portreeve is not loaded: run \"portreeve apply"))
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(try terminal.run("unban", "198.51.100.7") == .success)
        terminal.store.put(nil)
        #expect(try terminal.run("unban", "198.51.100.7") == .success)
        #expect(terminal.output == "nothing is banned: the table is not loaded\n")
        #expect(try ban("198.51.100.7") == .failure)
    }
}
