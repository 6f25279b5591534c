import Addressing
import Foundation
import Glibc
import Policies
import TestSupport
import Testing

@Suite("DNS names and the packets that they let in", .privileged, .networkNamespace)
struct NamesTests {
    private let portreeve: Portreeve
    private let server: NameServer
    private let arena: Arena

    init() throws {
        portreeve = try Portreeve()
        arena = try Arena()
        server = try NameServer()
    }

    private func policy(_ bounds: String = "keep: 1h") throws -> String {
        try portreeve.write(
            """
            version: 1
            sources:
              partner: {names: [vpn.example.net, b.example.net], \(bounds)}
            services:
              sentinel: {ports: \(RandomPolicy.sentinel.port), from: any}
              ssh: {ports: 22, from: partner}
            """)
    }

    private func run(_ arguments: [String]) throws -> Program.Result {
        try Program.run(
            server.prefix + [try Portreeve.executable] + arguments + ["--state-dir", portreeve.stateDirectory])
    }

    private func apply(_ bounds: String = "keep: 1h") throws {
        let result = try run(["apply", policy(bounds), "--yes", "--quiet"])
        try #require(result.status == 0, "\(result.errors)")
    }

    @discardableResult
    private func refresh(_ status: Int32 = 0) throws -> String {
        let result = try run(["refresh"])
        #expect(result.status == status, "\(result.output)\(result.errors)")
        return result.output + result.errors
    }

    /// Checks who gets in, and that the live table is what was applied.
    private func check(
        _ open: [String], closed: [String], _ bounds: String = "keep: 1h", stale: Bool = false
    ) throws {
        let wanted = open.map { ($0, Outcome.accepted) } + closed.map { ($0, .silent) }
        try arena.check("22/tcp", Dictionary(uniqueKeysWithValues: wanted))
        #expect(try portreeve.rulesetFindings(policy(bounds)) == (stale ? ["name-stale"] : []))
    }

    @Test("Both families get in; a name that moves opens its new address at once and closes its old one after \"keep\"")
    func moving() throws {
        try server.answer(["vpn.example.net": ["192.0.2.1", "2001:db8::1"], "b.example.net": ["192.0.2.2"]])
        try apply()
        try check(["192.0.2.1", "2001:db8::1", "192.0.2.2"], closed: ["192.0.2.3", "2001:db8::2"])
        // An answer that turns.
        for last in 3...4 {
            try server.answer(["vpn.example.net": ["192.0.2.\(last)"], "b.example.net": ["192.0.2.2"]])
            try refresh()
        }
        try check(["192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.3", "192.0.2.4"], closed: ["192.0.2.5"])
        let result = try run(["apply", policy("keep: 1s"), "--yes", "--quiet"])
        #expect(result.status == 0, "\(result.errors)")
        usleep(1_100_000)
        try refresh()
        try arena.check(
            "22/tcp",
            [
                "192.0.2.1": .silent, "2001:db8::1": .silent, "192.0.2.3": .silent, "192.0.2.4": .accepted,
                "192.0.2.2": .accepted,
            ])
    }

    @Test("A name that fails keeps its addresses, and only that one does: no such name, no server, no answer")
    func failing() throws {
        try server.answer(["vpn.example.net": ["192.0.2.1"], "b.example.net": ["192.0.2.2"]])
        try apply("keep: 1s")
        usleep(1_100_000)
        try server.answer(["vpn.example.net": ["192.0.2.3"]])
        #expect(
            try refresh(2).contains("name \"b.example.net\" cannot be renewed: it does not exist: its address stays"))
        try arena.check("22/tcp", ["192.0.2.1": .silent, "192.0.2.3": .accepted, "192.0.2.2": .accepted])
        try server.stop()
        #expect(try refresh(2).contains("the name servers did not answer"))
        try arena.check("22/tcp", ["192.0.2.3": .accepted, "192.0.2.2": .accepted])
        try server.answer(["vpn.example.net": ["192.0.2.3"]], refusingOthers: true)
        try refresh(2)
        try server.stop()
        try arena.check("22/tcp", ["192.0.2.3": .accepted, "192.0.2.2": .accepted])
        // A server that takes questions and never answers.
        let silent = try Socket.listening(.udp, on: 53)
        try refresh(2)
        withExtendedLifetime(silent) {}
        try arena.check("22/tcp", ["192.0.2.3": .accepted, "192.0.2.2": .accepted])
    }

    @Test("An apply without an answer goes on without the name, and refresh opens the service")
    func unanswered() throws {
        try server.answer(["vpn.example.net": ["192.0.2.1"]])
        try apply()
        try check(["192.0.2.1"], closed: ["192.0.2.2"], stale: true)
        try server.answer(["vpn.example.net": ["192.0.2.1"], "b.example.net": ["192.0.2.2"]])
        try refresh()
        try check(["192.0.2.1", "192.0.2.2"], closed: ["192.0.2.3"])
    }

    @Test("Killed at any step it leaves the other names as they were, and the next one continues")
    func killed() throws {
        try server.answer(["vpn.example.net": ["192.0.2.1"], "b.example.net": ["192.0.2.2"]])
        try apply()
        var last = 9
        for call in ["fsync", "rename"] {
            var (occurrence, isKilled) = (1, true)
            while isKilled {
                last += 1
                try server.answer(["vpn.example.net": ["192.0.2.\(last)"], "b.example.net": ["192.0.2.2"]])
                let killing = [
                    "strace", "-qq", "-e", "signal=none", "-e", "trace=\(call)", "-e",
                    "inject=\(call):signal=KILL:when=\(occurrence)",
                ]
                let command = [try Portreeve.executable, "refresh", "--state-dir", portreeve.stateDirectory]
                isKilled = try Program.run(server.prefix + killing + command).status == 128 + 9
                try arena.check("22/tcp", ["192.0.2.1": .accepted, "192.0.2.2": .accepted, "192.0.2.9": .silent])
                try refresh()
                try check(["192.0.2.1", "192.0.2.\(last)", "192.0.2.2"], closed: ["192.0.2.9"])
                occurrence += 1
            }
        }
        #expect(last > 13)
    }

    @Test("A network namespace that is entered by name has name servers of its own")
    func named() throws {
        try server.answer(["vpn.example.net": ["192.0.2.1"], "b.example.net": ["192.0.2.2"]])
        let options = ["--netns", "partner", "--state-dir", portreeve.stateDirectory]
        let result = try Program.run(
            server.prefix(naming: "partner") + [try Portreeve.executable, "apply", policy(), "--yes", "--quiet"]
                + options)
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        try arena.check("22/tcp", ["192.0.2.1": .accepted, "192.0.2.2": .accepted, "192.0.2.3": .silent])
    }

    @Test("Loopback, this host's own addresses and addresses beyond \"at-most\" are refused")
    func poisoned() throws {
        let own = try #require(arena.network.wire.hostAddresses[.ipv4])
        try server.answer(["vpn.example.net": ["192.0.2.1"], "b.example.net": ["192.0.2.2"]])
        try apply("at-most: 3")
        let pool = (1...1000).map { "10.\(1 + $0 / 250).0.\(1 + $0 % 250)" }
        try server.answer(["vpn.example.net": ["127.0.0.1", own, "0.0.0.0", "192.0.2.9"], "b.example.net": pool])
        let text = try refresh(2)
        #expect(text.contains("127.0.0.1 (loopback)") && text.contains("\(own) (this host's own)"), "\(text)")
        #expect(text.contains("b.example.net\" has more addresses than \"at-most: 3\" allows"), "\(text)")
        #expect(text.contains("partner (b.example.net): 1 -> 3 addresses"), "\(text)")
        try check(
            ["192.0.2.1", "192.0.2.9", "192.0.2.2", "10.1.0.2", "10.1.0.3"], closed: ["10.1.0.4", "10.4.0.9"],
            "at-most: 3")
    }

    @Test("The process that asks has no user, no capability and no descriptor of its parent")
    func privileges() throws {
        let silent = try Socket.listening(.udp, on: 53)
        let script = """
            exec 9</dev/null
            '\(try Portreeve.executable)' look-up-name ipv4 vpn.example.net 3>/dev/null 8>/dev/null &
            child=$!
            for i in $(seq 100); do
                grep -q 'NoNewPrivs:.1' /proc/$child/status && ls -l /proc/$child/fd | grep -q socket && break
                sleep 0.02
            done
            cat /proc/$child/status
            ls /proc/$child/fd
            grep -E 'core file|open files|file size' /proc/$child/limits
            kill $child
            """
        let patient = try NameServer(timeout: 20)
        let result = try Program.run(patient.prefix + ["sh", "-c", script])
        withExtendedLifetime(silent) {}
        let lines = result.output.split(separator: "\n").map(String.init)
        func value(_ key: String) -> String? {
            lines.first { $0.hasPrefix("\(key):") }?.dropFirst(key.count + 1).trimmingCharacters(in: .whitespaces)
        }
        #expect(["CapEff", "CapPrm", "CapInh", "CapAmb"].allSatisfy { value($0) == "0000000000000000" }, "\(lines)")
        #expect(value("NoNewPrivs") == "1" && value("Groups") == "", "\(lines)")
        let isMapped = try String(contentsOfFile: "/proc/self/uid_map", encoding: .utf8).contains("4294967295")
        if isMapped { #expect(value("Uid") == "65534\t65534\t65534\t65534" && value("Gid") == value("Uid")) }
        #expect(!lines.contains("8") && !lines.contains("9") && lines.contains("3"), "\(lines)")
        #expect(lines.contains { $0.hasPrefix("Max core file size") && $0.split(separator: " ").contains("0") })
    }
}
