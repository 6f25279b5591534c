import Addressing
import Compiler
import Foundation
import Kernel
import Rulesets
import TestSupport
import Testing

@Suite("Bans in the kernel", .privileged, .networkNamespace)
struct BanTests {
    private let portreeve: Portreeve
    private let policy: String
    /// The exit status after SIGKILL.
    private static let killed: Int32 = 128 + 9

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write(everything)
        try #require(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
    }

    @discardableResult private func run(_ arguments: String...) throws -> String {
        let result = try portreeve(arguments)
        try #require(result.status == 0, "\(arguments): \(result.output)\(result.errors)")
        return result.output
    }

    private func ban(_ addresses: String, _ time: String = "1h") throws {
        try run("ban", addresses, "--for", time, "--why", "test", "--quiet")
    }

    private func findings() throws -> String {
        try portreeve("verify", policy, "--only", "ruleset", "--quiet").output
    }

    private func banned() throws -> Set<String> {
        Set(try Nftables().snapshot(of: Names.table).table?.bannedSources.map { "\($0.addresses)" } ?? [])
    }

    @Test("Are listed as text that nft loads again")
    func reloaded() throws {
        for address in ["192.0.2.7", "198.51.100.0/25", "2001:db8::7", "2001:db8:bad::/48"] { try ban(address) }
        let table = try Nftables().snapshot(of: Names.table).table
        try portreeve.shell("nft list ruleset > \(policy).nft; nft flush ruleset; nft -f \(policy).nft")
        #expect(try Nftables().snapshot(of: Names.table).table == table)
        #expect(try findings() == "")
        let text = try #require(table).nftText
        try portreeve.shell("nft delete table inet portreeve")
        try NftProgram.load(text)
        #expect(try Nftables().snapshot(of: Names.table).table == table)
    }

    @Test("An element that another process added or took is found, and the next apply puts it right")
    func tampering() throws {
        try ban("192.0.2.7")
        for script in [
            "nft add element inet portreeve ban-ipv4 { 192.0.2.8 timeout 1h }",
            "nft add element inet portreeve ban-ipv4 { 192.0.2.8 }",
            "nft insert rule inet portreeve input ip saddr @ban-ipv4 accept",
            "nft 'add set inet portreeve ban-ipv6 { type ipv6_addr; flags timeout; elements = { 2001:db8::8 } }'",
        ] {
            try portreeve.shell(script)
            let result = try portreeve("verify", policy, "--only", "ruleset")
            #expect(result.status == 2 && result.output.contains("[ruleset-drift]"), "\(script): \(result.output)")
            try run("apply", policy, "--yes", "--quiet")
            #expect(try findings() == "", "\(script)")
            #expect(try banned() == ["192.0.2.7"])
        }
        try portreeve.shell("nft delete element inet portreeve ban-ipv4 { 192.0.2.7 }")
        #expect(try findings().contains("the ban of 192.0.2.7 is not in force"))
        try run("apply", policy, "--yes", "--quiet")
        #expect(try findings() == "")
        #expect(try banned() == ["192.0.2.7"])
    }

    @Test("A command killed at any step leaves no drift, and the next one continues")
    func killed() throws {
        for (call, step) in [("sendto", 7), ("fsync", 2), ("rename", 1)] {
            var (occurrence, isKilled) = (1, true)
            while isKilled {
                let prefix = [
                    "strace", "-qq", "-e", "signal=none", "-e", "trace=\(call)", "-e",
                    "inject=\(call):signal=KILL:when=\(occurrence)",
                ]
                let result = try portreeve(
                    "ban", "192.0.2.7", "--for", "1h", "--why", "x", "--quiet", prefix: prefix)
                isKilled = result.status == Self.killed
                #expect(isKilled || result.status == 0, "\(result.errors)")
                try ban("192.0.2.8")
                #expect(try findings() == "", "\(call) \(occurrence)")
                for address in ["192.0.2.7", "192.0.2.8"] { try run("unban", address, "--quiet") }
                #expect(try findings() == "", "\(call) \(occurrence)")
                #expect(try banned() == [])
                occurrence += step
            }
            #expect(occurrence > 2, "\(call)")
        }
    }
}

/// The program of Debian 13, which `Tests/Fail2ban/fetch` puts into the cache.
private enum Fail2ban {
    /// The path of fail2ban-client.
    static let program: String = {
        let environment = ProcessInfo.processInfo.environment
        let caches = environment["XDG_CACHE_HOME"].map { URL(filePath: $0) } ?? .homeDirectory.appending(path: ".cache")
        let own = environment["PORTREEVE_FAIL2BAN"].map { URL(filePath: $0) }
        return (own ?? caches.appending(path: "portreeve-fail2ban")).appending(path: "trixie/fail2ban-client").path
    }()
    static let isThere = FileManager.default.isExecutableFile(atPath: program)
}

@Suite(
    "fail2ban bans by portreeve", .privileged, .networkNamespace,
    .enabled(if: Privileges.areRequired || Fail2ban.isThere, "needs fail2ban: run \"sh Tests/Fail2ban/fetch\""))
struct Fail2banTests {
    @Test("Its action bans and unbans, and what has ended is no error")
    func jail() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write(everything + "never-deny: [192.0.2.66]\n")
        try #require(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        let folder = policy + ".fail2ban"
        let action = URL(filePath: #filePath).appending(path: "../../../system/fail2ban-portreeve.conf").standardized
        try portreeve.shell("mkdir -p \(folder)/action.d \(folder)/filter.d")
        try portreeve.shell("cp \(action.path) \(folder)/action.d/portreeve.conf")
        let options = "--state-dir \(portreeve.stateDirectory)"
        let portreeveAction = "portreeve[portreeve=\(try Portreeve.executable), options=\"\(options)\", name=test]"
        let files = [
            "fail2ban.conf": "[DEFAULT]\nloglevel = INFO\nlogtarget = \(folder)/log\nsyslogsocket = auto\n"
                + "socket = \(folder)/socket\n"
                + "pidfile = \(folder)/pid\ndbfile = None\ndbpurgeage = 1d\ndbmaxmatches = 10\n[Definition]\n",
            "filter.d/test.conf": "[Definition]\nfailregex = ^ failure from <HOST>$\n",
            "jail.conf": "[test]\nenabled = true\nfilter = test\nlogpath = \(folder)/failures\nbackend = polling\n"
                + "maxretry = 1\nfindtime = 1h\nbantime = 1h\nusedns = no\nignoreself = false\n"
                + "action = \(portreeveAction)\n",
            "failures": "",
        ]
        for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)")) }
        let client = "\(Fail2ban.program) -c \(folder) -s \(folder)/socket -p \(folder)/pid"
        try portreeve.shell("\(client) -b start")
        defer { _ = try? portreeve.shell("\(client) stop") }
        func banned() throws -> Set<String> {
            Set(try Nftables().snapshot(of: Names.table).table?.bannedSources.map { "\($0.addresses)" } ?? [])
        }
        func wait(for addresses: Set<String>) throws {
            let isReached = try eventually { try banned() == addresses }
            let log = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
            #expect(isReached, "\(log)")
        }
        for address in ["192.0.2.7", "192.0.2.66", "2001:db8::7"] {
            try portreeve.shell(
                "echo \"$(date '+%Y-%m-%d %H:%M:%S') failure from \(address)\" >> \(folder)/failures")
        }
        try wait(for: ["192.0.2.7", "2001:db8::7"])
        #expect(try portreeve("verify", policy, "--only", "ruleset", "--quiet").status == 0)
        #expect(try portreeve("status", policy).output.contains("left: fail2ban: test (root"))
        try portreeve.shell("\(client) set test unbanip 192.0.2.7")
        try wait(for: ["2001:db8::7"])
        // The kernel was faster.
        try portreeve.shell("nft flush set inet portreeve ban-ipv6; \(client) set test unbanip 2001:db8::7")
        try wait(for: [])
        #expect(try portreeve("verify", policy, "--only", "ruleset", "--quiet").output == "")
    }
}
