import Compiler
import Foundation
import Kernel
import Rulesets
import TestSupport
import Testing

/// A host for grants.
private struct Gate {
    let portreeve: Portreeve
    let policy: String
    let other: String

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write(everything)
        other = try portreeve.write(everything.replacing("Admin access", with: "Other"), to: "other.yaml")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
    }

    /// Runs a command that must succeed, and returns its output.
    @discardableResult func run(_ arguments: String...) throws -> String {
        let result = try portreeve(arguments)
        try #require(result.status == 0, "\(arguments): \(result.output)\(result.errors)")
        return result.output
    }

    func grant(_ service: String, _ address: String, _ time: String = "1h") throws {
        try run("grant", service, policy, "--from", address, "--for", time, "--why", "test", "--quiet")
    }

    /// The findings about the ruleset, with notices.
    func findings(_ policy: String? = nil) throws -> String {
        try portreeve("verify", policy ?? self.policy, "--only", "ruleset", "--quiet").output
    }

    /// The milliseconds until each element of a set expires, by its key.
    func expirations(_ set: String) throws -> [String: Int] {
        let text = try NftProgram.run(["-j", "list", "set", "inet", "portreeve", set])
        let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let sets = (json["nftables"] as? [[String: Any]] ?? []).compactMap { $0["set"] as? [String: Any] }
        let elements = (sets.first?["elem"] as? [[String: Any]] ?? []).compactMap { $0["elem"] as? [String: Any] }
        return Dictionary(
            uniqueKeysWithValues: elements.map { ($0["val"] as? String ?? "", $0["expires"] as? Int ?? -1) })
    }
}

@Suite("Grants in the kernel", .privileged, .networkNamespace)
struct GrantTests {
    /// The exit status after SIGKILL.
    private static let killed: Int32 = 128 + 9

    @Test("Are no drift from the policy, while they last and after they have expired")
    func clean() throws {
        let gate = try Gate()
        try gate.grant("db", "192.0.2.7", "1s")
        try gate.grant("ssh", "2001:db8::7")
        var isOver = false
        let hasEnded = try eventually {
            // One more check after the expiry.
            let wasOver = isOver
            isOver = try gate.expirations("grant-db-ipv4").isEmpty
            #expect(try gate.findings() == "")
            #expect(try gate.portreeve("plan", gate.policy, "--detailed-exitcode").status == 0)
            return wasOver
        }
        #expect(hasEnded)
        #expect(try gate.run("apply", gate.policy, "--yes") == "in sync: nothing to do\n")
        #expect(try !gate.run("status", gate.policy).contains("grant: db"))
        #expect(try gate.run("status", gate.policy).contains("grant: ssh from 2001:db8::7, 59m"))
        // The next change removes its remains, and nothing else.
        try gate.run("apply", gate.other, "--yes", "--quiet")
        let listing = try gate.portreeve.shell("nft list table inet portreeve")
        #expect(!listing.contains("grant-db") && listing.contains("grant-ssh-ipv6") && listing.contains("admit-ssh"))
        #expect(try gate.findings(gate.other) == "")
    }

    @Test("Are not renewed by an apply, a rollback, an undo or a restart of the unit")
    func unrenewed() throws {
        let gate = try Gate()
        try gate.grant("ssh", "192.0.2.7")
        let before = try #require(try gate.expirations("grant-ssh-ipv4")["192.0.2.7"])
        // nft 1.0.6 prints whole seconds.
        try #require(try eventually { try (gate.expirations("grant-ssh-ipv4")["192.0.2.7"] ?? 0) < before })
        try gate.run("apply", gate.other, "--yes", "--quiet")
        try gate.run("rollback", "--yes", "--quiet")
        try gate.run("apply", gate.other, "--yes", "--quiet", "--confirm", "1h")
        #expect(
            try gate.portreeve("grant", "ssh", gate.policy, "--from", "192.0.2.8", "--for", "1h", "--why", "x").status
                == 4)
        try gate.run("rollback", "--quiet")
        try gate.run("apply", "--boot", "--quiet")
        #expect(try (gate.expirations("grant-ssh-ipv4")["192.0.2.7"] ?? before) < before)
        #expect(try gate.findings() == "")
        // The time of a renewed grant counts from now.
        try gate.grant("ssh", "192.0.2.7", "2h")
        try gate.grant("ssh", "192.0.2.7", "2h")
        #expect(try (gate.expirations("grant-ssh-ipv4")["192.0.2.7"] ?? 0) > before)
    }

    @Test("Are listed as text that nft loads again")
    func reloaded() throws {
        let gate = try Gate()
        for address in ["192.0.2.7", "2001:db8::7"] {
            for service in ["ssh", "db"] { try gate.grant(service, address) }
        }
        let table = try Nftables().snapshot(of: Names.table).table
        try gate.portreeve.shell("nft list ruleset > \(gate.policy).nft; nft flush ruleset; nft -f \(gate.policy).nft")
        #expect(try Nftables().snapshot(of: Names.table).table == table)
        #expect(try gate.findings() == "")
        let text = try #require(table).nftText
        try gate.portreeve.shell("nft delete table inet portreeve")
        try NftProgram.load(text)
        #expect(try Nftables().snapshot(of: Names.table).table == table)
    }

    @Test(
        "An element that another process added is found, and removed by the next apply",
        arguments: [
            "nft add element inet portreeve grant-ssh-ipv4 { 192.0.2.8 timeout 1h }",
            "nft add element inet portreeve grant-ssh-ipv4 { 192.0.2.8 }",
            "nft add element inet portreeve grant-ssh-ipv4 { 192.0.2.7 timeout 9h }".withDeletion,
            "nft add element inet portreeve grant-ssh-ipv4 { 192.0.2.7 }".withDeletion,
            "nft 'add set inet portreeve grant-web-ipv4 { type ipv4_addr; flags timeout; elements = { 192.0.2.8 } }'",
            "nft insert rule inet portreeve service-db ip saddr @grant-ssh-ipv4 accept",
        ])
    func tampering(script: String) throws {
        let gate = try Gate()
        try gate.grant("ssh", "192.0.2.7")
        try gate.portreeve.shell(script)
        let result = try gate.portreeve("verify", gate.policy, "--only", "ruleset")
        #expect(result.status == 2 && result.output.contains("[ruleset-drift]"), "\(result.output)")
        try gate.run("apply", gate.policy, "--yes", "--quiet")
        #expect(try gate.findings() == "")
        #expect(try gate.expirations("grant-ssh-ipv4").keys.sorted() == ["192.0.2.7"])
    }

    @Test("Come back with their remaining time if the table was deleted, and not after their expiry")
    func remainder() throws {
        let gate = try Gate()
        try gate.grant("db", "192.0.2.7", "1s")
        try gate.grant("ssh", "192.0.2.7", "1h")
        let before = try #require(try gate.expirations("grant-ssh-ipv4")["192.0.2.7"])
        try #require(try eventually { try gate.expirations("grant-db-ipv4").isEmpty })
        try gate.portreeve.shell("nft delete table inet portreeve")
        try gate.run("apply", gate.policy, "--yes", "--quiet")
        #expect(try (gate.expirations("grant-ssh-ipv4")["192.0.2.7"] ?? before) < before)
        #expect(try !gate.portreeve.shell("nft list table inet portreeve").contains("grant-db"))
        #expect(try gate.findings() == "")
    }

    @Test("A command killed at any system call leaves no address without a grant, and the next one continues")
    func killed() throws {
        let gate = try Gate()
        for (call, step) in [("sendto", 7), ("fsync", 2), ("rename", 1)] {
            var (occurrence, isKilled) = (1, true)
            while isKilled {
                let prefix = [
                    "strace", "-qq", "-e", "signal=none", "-e", "trace=\(call)", "-e",
                    "inject=\(call):signal=KILL:when=\(occurrence)",
                ]
                let result = try gate.portreeve(
                    "grant", "ssh", gate.policy, "--from", "192.0.2.7", "--for", "1h", "--why", "x", prefix: prefix)
                isKilled = result.status == Self.killed
                let verdict = try gate.portreeve("verify", gate.policy, "--only", "ruleset")
                #expect(verdict.status == 0, "\(call) \(occurrence): \(verdict.output)")
                try gate.grant("db", "192.0.2.8")
                #expect(try gate.findings() == "", "\(call) \(occurrence)")
                _ = try gate.portreeve("revoke", "ssh", "--quiet")
                try gate.run("revoke", "db", "--quiet")
                #expect(try gate.findings() == "", "\(call) \(occurrence)")
                occurrence += step
            }
            #expect(occurrence > 2, "\(call)")
        }
        #expect(try !gate.portreeve.shell("nft list table inet portreeve").contains("grant-"))
    }

    @Test("Without a writable disk nothing is granted")
    func fullDisk() throws {
        let gate = try Gate()
        let before = try Nftables().snapshot(of: Names.table)
        for call in ["write", "fsync", "rename"] {
            let prefix = ["strace", "-qq", "-o", "/dev/null", "-e", "signal=none", "-e", "inject=\(call):error=ENOSPC"]
            let result = try gate.portreeve(
                "grant", "ssh", gate.policy, "--from", "192.0.2.7", "--for", "1h", "--why", "x", "--quiet",
                prefix: prefix)
            #expect(result.status == 1)
            #expect(try Nftables().snapshot(of: Names.table).generation == before.generation)
        }
    }
}

extension String {
    /// The script, after the grant is removed.
    fileprivate var withDeletion: String {
        "nft delete element inet portreeve grant-ssh-ipv4 { 192.0.2.7 }; " + self
    }
}
