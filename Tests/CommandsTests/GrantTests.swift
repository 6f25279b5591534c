import Addressing
import Compiler
import Foundation
import Listeners
import Rulesets
import Testing

@testable import Commands

@Suite("portreeve grant and revoke")
struct GrantTests: GrantTesting {
    let terminal: Terminal
    let policy: String

    init() throws { (terminal, policy) = try Self.loaded() }

    @Test("Allows an address; neither the grant nor its expiry is a difference from the policy")
    func granting() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        #expect(
            terminal.output == """
                ssh is open to 198.51.100.7 until 2027-01-15T10:00:00Z (2h); \
                "portreeve revoke ssh --from 198.51.100.7" ends it

                """)
        #expect(try live == [source("198.51.100.7", 7200)])
        func isClean() throws {
            #expect(try terminal.run("verify", policy, "--only", "ruleset", "--quiet") == .success)
            #expect(terminal.output == "")
            #expect(try terminal.run("plan", policy, "--detailed-exitcode") == .success)
            let commits = terminal.store.commits
            #expect(try terminal.run("apply", policy, "--yes") == .success)
            #expect(terminal.output == "in sync: nothing to do\n" && terminal.store.commits == commits)
        }
        try isClean()
        terminal.uptime += 7_199_000
        try isClean()
        try expire("ssh", "198.51.100.7")
        try isClean()
        terminal.uptime += 100_000
        try isClean()
        // The next change removes its remains.
        let other = try terminal.write(grantPolicy.replacing("Admin", with: "Others"), to: "other.yaml")
        #expect(try terminal.run("apply", other, "--yes") == .success)
        #expect(terminal.store.table?.hasGrantSets == false)
    }

    @Test("Refuses a grant beyond the policy's limit, and names the line; \"off\" allows none")
    func limit() throws {
        #expect(try grant("ssh", "198.51.100.7", "4h1s") == .refused)
        #expect(
            terminal.errors
                == "portreeve: 4h1s is longer than the policy allows, 4h (\(policy):2); nothing was changed\n")
        #expect(try grant("ssh", "198.51.100.7", "4h") == .success)
        _ = try terminal.write(grantPolicy.replacing("4h", with: "off"))
        #expect(try grant("ssh", "198.51.100.8", "1m") == .refused)
        #expect(terminal.errors == "portreeve: the policy allows no grants (\(policy):2); nothing was changed\n")
        _ = try terminal.write(grantPolicy.replacing("{grant-limit: 4h}", with: "{}"))
        #expect(try grant("ssh", "198.51.100.8", "30d") == .success)
    }

    @Test("A grant that cannot be made is explained, and changes nothing")
    func refusals() throws {
        let before = terminal.store.table
        #expect(try grant("shh", "198.51.100.7") == .failure)
        let answer = "the policy has no service \"shh\" (did you mean \"ssh\"?); nothing was changed"
        #expect(terminal.errors == "portreeve: \(answer)\n")
        #expect(try grant("ssh", "198.51.100.0/24") == .usage)
        #expect(try grant("ssh", "198.51.100") == .usage)
        #expect(try grant("ssh", "203.0.113.66") == .refused)
        #expect(terminal.errors.contains("would not let 203.0.113.66 in: \"deny\" covers the source"))
        #expect(try grant("ssh", "10.1.2.3") == .success)
        #expect(terminal.output == "the policy already allows 10.1.2.3 to reach ssh: nothing to do\n")
        _ = try terminal.write(grantPolicy + "  db: {ports: 5432, from: 10.0.0.0/8, why: DB}\n")
        #expect(try grant("db", "198.51.100.7") == .failure)
        #expect(terminal.errors.contains("service \"db\" is not loaded: run \"portreeve apply \(policy)\" first"))
        #expect(throws: (any Error).self) {
            try terminal.run("grant", "ssh", policy, "--from", "198.51.100.7", "--for", "2h", "--why", " ")
        }
        #expect(terminal.store.table == before && terminal.store.commits == 1)
        terminal.store.put(nil)
        #expect(try grant("ssh", "198.51.100.7") == .failure)
        #expect(
            terminal.errors
                == "portreeve: table inet portreeve is not loaded: run \"portreeve apply \(policy)\" first; nothing was changed\n"
        )
    }

    @Test("Loopback is always let in, so that no grant is made", arguments: ["127.0.0.1", "127.9.9.9", "::1"])
    func loopback(address: String) throws {
        #expect(try grant("ssh", address) == .success)
        #expect(terminal.output == "\(address) is a loopback address, which is always let in: nothing to do\n")
        #expect(live.isEmpty && terminal.store.commits == 1)
    }

    @Test("Warns if another table still refuses the address")
    func foreign() throws {
        let base = BaseChain(type: "filter", hook: .input, priority: 10, policy: .drop)
        terminal.store.others = [
            Table(name: TableName(family: .inet, name: "other"), chains: [Chain(name: "input", base: base)])
        ]
        #expect(try grant("ssh", "198.51.100.7") == .success)
        #expect(terminal.errors.hasPrefix("portreeve: warning: the address is still refused: another table refuses it"))
    }

    @Test("A second grant for an address replaces the first and restarts its time")
    func replacement() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        terminal.uptime += 3_600_000
        #expect(try grant("ssh", "198.51.100.7") == .success)
        #expect(try live == [source("198.51.100.7", 7200)])
        terminal.uptime += 7_000_000
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .success)
        #expect(try grant("ssh", "198.51.100.7", "10m") == .success)
        #expect(try live == [source("198.51.100.7", 600)])
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .success)
    }

    @Test("Ends one grant or all of a service early, and removes their remains")
    func revoking() throws {
        let before = terminal.store.table
        for address in ["198.51.100.7", "198.51.100.8", "2001:db8::7"] {
            #expect(try grant("ssh", address) == .success)
        }
        #expect(try grant("web", "2001:db8::7") == .success)
        #expect(try terminal.run("revoke", "ssh", "--from", "198.51.100.7") == .success)
        #expect(terminal.output == "ssh is closed to new connections from 198.51.100.7\n")
        #expect(
            try Set(live.filter { $0.service == "ssh" }) == [source("198.51.100.8", 7200), source("2001:db8::7", 7200)])
        #expect(try terminal.run("revoke", "ssh", "--from", "198.51.100.7") == .success)
        #expect(
            terminal.output == """
                ssh has no grant for 198.51.100.7: nothing to do \
                (granted: ssh to 198.51.100.8, ssh to 2001:db8::7, web to 2001:db8::7)

                """)
        #expect(try terminal.run("revoke", "sshh") == .failure)
        #expect(
            terminal.errors
                == "portreeve: the policy in force has no service \"sshh\" (did you mean \"ssh\"?); nothing was changed\n"
        )
        #expect(try terminal.run("revoke", "postgres") == .failure)
        let listed = "the policy in force has no service \"postgres\"; its services are "
        #expect(terminal.errors.contains(listed), "\(terminal.errors)")
        #expect(try terminal.run("revoke", "ssh", "--format", "json") == .success)
        let json = try terminal.json()
        #expect(json["addresses"] as? [String] == ["198.51.100.8", "2001:db8::7"] && json["changed"] as? Bool == true)
        #expect(try terminal.run("revoke", "web") == .success)
        #expect(terminal.store.table == before)
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .success)
    }

    /// Lets the command run in a session from the address of the grant.
    private func grantOwnSession() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        let client = IPAddress.ipv4(0xc633_6407)
        terminal.admins = AdminSessions(sessions: [
            AdminSession(
                client: client, server: Endpoint(.ipv4(0x0a00_0001), 22), interface: "eth0", interfaceIndex: 2)
        ])
    }

    @Test("A plan does not call a change a lockout whose session a grant lets in, and apply makes it")
    func plan() throws {
        try grantOwnSession()
        let other = try terminal.write(grantPolicy.replacing("Admin", with: "Others"), to: "other.yaml")
        #expect(try terminal.run("plan", other, "--format", "json") == .success)
        #expect(try terminal.json()["refused"] is NSNull)
        #expect(terminal.errors.isEmpty)
        let closed = try terminal.write(grantPolicy.replacing("  ssh:", with: "  db:"), to: "closed.yaml")
        #expect(try terminal.run("plan", closed, "--format", "json") == .success)
        #expect(try (terminal.json()["refused"] as? String)?.contains("198.51.100.7") == true)
        #expect(terminal.errors.hasPrefix("portreeve: warning: apply will refuse this: "))
        #expect(try terminal.run("apply", closed, "--yes") == .refused)
        #expect(try terminal.run("apply", other, "--yes") == .success)
    }

    @Test("Revoking the grant of one's own session needs --force")
    func lockout() throws {
        try grantOwnSession()
        #expect(try terminal.run("revoke", "ssh") == .refused)
        #expect(terminal.errors.contains("this would lock you out"))
        #expect(live.count == 1)
        #expect(try terminal.run("revoke", "ssh", "--force") == .success)
        #expect(live.isEmpty)
    }

    @Test("Status, history and explain show the grant")
    func reports() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        terminal.uptime += 1_800_000
        #expect(try terminal.run("status", policy) == .success)
        let line = "1h30m left: incident 7 (alice as root from 198.51.100.7)"
        #expect(terminal.output.hasPrefix("state: in sync\ngrant: ssh from 198.51.100.7, \(line)\nPORT"))
        #expect(try terminal.run("status", policy, "--format", "json") == .success)
        let grants = try #require(try terminal.json()["grants"] as? [[String: Any]])
        #expect(
            grants.count == 1 && grants[0]["seconds_left"] as? Int == 5400 && grants[0]["in_force"] as? Bool == true)
        #expect(grants[0]["until"] as? String == "2027-01-15T10:00:00Z" && grants[0]["why"] as? String == "incident 7")
        #expect(try terminal.run("explain", "198.51.100.7", "22/tcp", policy) == .success)
        #expect(
            terminal.output.contains("accept: 198.51.100.7 to tcp/22 by the live ruleset: a grant of service \"ssh\" "))
        #expect(terminal.output.contains(line) && terminal.output.contains("policy: \(policy):5\n"))
        #expect(try terminal.run("history") == .success)
        #expect(terminal.output.contains("1h30m left  ssh to 198.51.100"))
        #expect(try terminal.run("revoke", "ssh") == .success)
        #expect(try terminal.run("history", "--format", "json") == .success)
        let changes = try #require(try terminal.json()["changes"] as? [[String: Any]])
        #expect(changes.compactMap { $0["kind"] as? String } == ["revoke", "grant", "apply"])
        #expect(changes.compactMap { $0["outcome"] as? String } == ["recorded", "recorded", "confirmed"])
        #expect(try terminal.run("status", policy) == .success)
        #expect(terminal.output.hasPrefix("state: in sync\nPORT"))
        #expect(try terminal.run("rollback", "2", "--yes") == .failure)
        #expect(terminal.errors.contains("change 2 made or ended a grant"))
        #expect(try terminal.run("diff", "1", "2") == .failure)
    }

    @Test("An added element that was not granted is drift; a grant that was ended early is not")
    func drift() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        let granted = try #require(terminal.store.table)
        let table = granted.granting([try source("198.51.100.7", 7200), try source("198.51.100.9", 7200)])
        terminal.store.put(table)
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .difference)
        #expect(terminal.output.contains("5: error: set \"grant-ssh-ipv4\" has 198.51.100.9 timeout 7200s"))
        terminal.store.put(granted.granting([try source("198.51.100.7", 99999)]))
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .difference)
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(try live == [source("198.51.100.7", 7200)])
        try expire("ssh", "198.51.100.7")
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .success)
        #expect(terminal.output.contains("notice: the grant of \"ssh\" for 198.51.100.7 is not in force"))
        terminal.uptime += 7_300_000
        terminal.store.put(granted)
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .difference)
    }

    @Test("Where no table is loaded, there is no grant to end, unless the next table has it again")
    func missingTable() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        terminal.store.put(nil)
        #expect(try terminal.run("revoke", "ssh") == .failure)
        #expect(terminal.errors.contains("table inet portreeve is not loaded: run \"portreeve apply"))
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(try terminal.run("revoke", "ssh") == .success)
        #expect(terminal.output == "no grant is open: the table is not loaded\n")
        #expect(try terminal.run("revoke", "ssh", "--format", "json") == .success)
        #expect(try terminal.json()["changed"] as? Bool == false)
    }

    @Test("A removal lists the grants and the bans that end with the table")
    func removal() throws {
        #expect(try terminal.run("remove", "--dry-run") == .success)
        #expect(!terminal.output.contains("end with the table"))
        #expect(try grant("ssh", "198.51.100.7") == .success)
        #expect(try terminal.run("ban", "192.0.2.7", "--for", "1h", "--why", "guessing") == .success)
        let lines = """
            these end with the table:
              grant: ssh from 198.51.100.7, 2h left: incident 7 (alice as root from 198.51.100.7)
              ban: 192.0.2.7, 1h left: guessing (alice as root from 198.51.100.7)

            """
        #expect(try terminal.run("remove", "--dry-run") == .success)
        #expect(terminal.output.contains("\n\n\(lines)"), "\(terminal.output)")
        #expect(try terminal.run("remove", "--dry-run", "--format", "json") == .success)
        let json = try terminal.json()
        #expect((json["grants"] as? [Any])?.count == 1 && (json["bans"] as? [Any])?.count == 1)
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(terminal.output.contains("\n\n\(lines)"), "\(terminal.output)")
        #expect(try terminal.run("history") == .success)
    }
}
