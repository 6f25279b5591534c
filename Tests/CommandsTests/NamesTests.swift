import Addressing
import Changes
import Commands
import Compiler
import Foundation
import Policies
import Rulesets
import System
import Testing

/// The address with this text.
private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(AddressRange(text))) }

@Suite("The addresses of a name after a look-up")
struct NameRenewalTests {
    private static let hour: Int64 = 3600

    /// Renews a name, with times in hours.
    private func renew(
        _ known: [String: Int64], _ ipv4: NameAnswer.Outcome, _ ipv6: NameAnswer.Outcome = .absent, at now: Int64,
        keep: Int64 = 24, atMost: Int = 16, own: String = "198.51.100.1"
    ) throws -> NameRenewal {
        let seen = try Dictionary(uniqueKeysWithValues: known.map { (try address($0.key), $0.value * Self.hour) })
        let source = NamedSource(
            name: "a.example", location: SourceLocation(file: "p", line: 1, column: 1), groups: ["g"],
            keep: TimeSpan(seconds: keep * Self.hour), atMost: atMost, addresses: AddressSet(seen.keys))
        var entry = NameBook.Entry()
        entry.seen = seen
        return NameRenewal(
            source, known: entry,
            answers: [NameAnswer("a.example", .ipv4, ipv4), NameAnswer("a.example", .ipv6, ipv6)],
            own: AddressSet(try address(own)), since: 0, now: now * Self.hour)
    }

    private func found(_ texts: String...) throws -> NameAnswer.Outcome { .addresses(try texts.map(address)) }

    @Test("New addresses are added, and old ones stay for \"keep\" after they were last seen")
    func keeping() throws {
        let first = try renew([:], found("192.0.2.1"), found("2001:db8::1"), at: 10)
        #expect(first.addresses.map(\.description) == ["192.0.2.1", "2001:db8::1"])
        #expect(first.entry.failure == nil && first.entry.renewed == 10 * Self.hour && first.trouble == nil)
        let old = ["192.0.2.1": Int64(10), "192.0.2.2": 34, "2001:db8::1": 10]
        let moved = try renew(old, found("192.0.2.3"), at: 33)
        #expect(moved.addresses.map(\.description) == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"])
        let later = try renew(old, found("192.0.2.3"), at: 34)
        #expect(later.addresses.map(\.description) == ["192.0.2.2", "192.0.2.3"])
        // A clock that was ahead keeps no address for ever.
        #expect(moved.entry.seen[try address("192.0.2.2")] == 33 * Self.hour)
    }

    @Test(
        "A failure keeps what is known of the family, however old",
        arguments: [NameAnswer.Outcome.failure("time-out"), .unknownName, .absent])
    func failing(outcome: NameAnswer.Outcome) throws {
        let known = ["192.0.2.1": Int64(0), "2001:db8::1": 0]
        let both = try renew(known, outcome, outcome, at: 1000)
        #expect(both.addresses.count == 2 && both.entry.failure != nil && both.entry.renewed == nil)
        #expect(both.trouble?.reason.hasSuffix("its addresses stay") == true)
        let one = try renew(known, found("192.0.2.9"), outcome, at: 1000)
        let isFailure = if case .failure = outcome { true } else { false }
        // A name with addresses of one family has none of the other: that is an answer.
        #expect(one.addresses.map(\.description) == ["192.0.2.9"] + (isFailure ? ["2001:db8::1"] : []))
        #expect((one.entry.failure != nil) == isFailure)
    }

    @Test(
        "Addresses that no client has are refused",
        arguments: [
            "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "169.254.1.1", "224.0.0.1", "255.255.255.255",
            "198.51.100.1",
        ])
    func refused(text: String) throws {
        let mixed = try renew([:], found(text, "192.0.2.1"), at: 1)
        #expect(mixed.addresses.map(\.description) == ["192.0.2.1"] && mixed.entry.failure == nil)
        #expect(mixed.refusals.map(\.address.description) == [text])
        #expect(mixed.trouble?.reason.contains("has addresses that are not used: \(text) (") == true)
        let poisoned = try renew(["192.0.2.1": 0], found(text), at: 1000)
        #expect(poisoned.addresses.map(\.description) == ["192.0.2.1"] && poisoned.entry.failure != nil)
    }

    @Test("The same of IPv6", arguments: ["::", "::1", "fe80::1", "ff02::1"])
    func refusedIPv6(text: String) throws {
        #expect(try renew([:], found("192.0.2.1"), found(text), at: 1).addresses.count == 1)
    }

    @Test("An answer with too many addresses pushes out none that is known")
    func many() throws {
        let pool: NameAnswer.Outcome = .addresses((0..<1000).map { .ipv4(0x0A00_0000 + $0) })
        let renewal = try renew(["192.0.2.1": 1, "192.0.2.2": 1], pool, at: 2, atMost: 4)
        #expect(renewal.addresses.map(\.description) == ["10.0.0.0", "10.0.0.1", "192.0.2.1", "192.0.2.2"])
        #expect(renewal.refusals.count == 998 && renewal.entry.failure == nil)
        // Told in the same words while the pool turns.
        let other: NameAnswer.Outcome = .addresses((500..<900).map { .ipv4(0x0A00_0000 + $0) })
        #expect(try renew(["192.0.2.1": 1, "192.0.2.2": 1], other, at: 2, atMost: 4).trouble == renewal.trouble)
        let fewer = try renew(["192.0.2.1": 5, "192.0.2.2": 6, "192.0.2.3": 4], found("192.0.2.3"), at: 7, atMost: 2)
        #expect(fewer.addresses.map(\.description) == ["192.0.2.2", "192.0.2.3"])
    }
}

@Suite("DNS names in commands")
struct NamesTests {
    private let terminal: Terminal
    private let path: String
    private static let policy = """
        version: 1
        sources:
          partner: {names: [vpn.example.net, b.example.net], keep: 24h, at-most: 3}
        services: {db: {ports: 5432, from: partner, why: Partner}}
        tests: [{from: 198.51.100.66, to: 5432, expect: deny}]

        """

    init() throws {
        terminal = try Terminal()
        path = try terminal.write(Self.policy)
    }

    private func apply() throws {
        terminal.names = ["vpn.example.net": ["192.0.2.7", "2001:db8::7"], "b.example.net": ["192.0.2.8"]]
        try #require(try terminal.run("apply", path, "--yes") == .success, "\(terminal.errors)")
    }

    private func explain(_ source: String) throws -> String {
        _ = try terminal.run("explain", source, "5432", path)
        return terminal.output
    }

    private func lets(_ source: String) throws -> Bool { try explain(source).hasPrefix("accept") }

    private func isClean() throws {
        #expect(try terminal.run("verify", path, "--only", "ruleset", "--quiet") == .success, "\(terminal.output)")
        let commits = terminal.store.commits
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.output == "in sync: nothing to do\n" && terminal.store.commits == commits)
    }

    @Test("What is not known is unknown to check, plan and explain, which look nothing up")
    func unknown() throws {
        #expect(try terminal.run("check", path) == .success)
        let undecided =
            "warning: the test cannot be decided: no address of \"b.example.net\", \"vpn.example.net\" is known"
        #expect(terminal.errors.contains(undecided), "\(terminal.errors)")
        #expect(try terminal.run("plan", path) == .success)
        #expect(
            terminal.output.hasSuffix(
                "unknown: no address of b.example.net is known, which \"db\" may let in: \"portreeve apply \(path)\" looks it up first\n"
            ))
        #expect(try terminal.run("plan", path, "--format", "json") == .success)
        #expect(try terminal.json()["unknown_names"] as? [String] == ["vpn.example.net", "b.example.net"])
        #expect(try explain("192.0.2.7").contains("\nonce the policy is applied: unknown: "))
        #expect(try terminal.run("explain", "192.0.2.7", "22", path) == .success)
        #expect(terminal.output.contains("\nonce the policy is applied: refuse: "))
        #expect(terminal.lookedUp.isEmpty)
    }

    @Test("apply looks up only names that never were; what is stored serves all others")
    func first() throws {
        try apply()
        #expect(terminal.lookedUp == ["vpn.example.net", "b.example.net"])
        #expect(terminal.output.contains("192.0.2.7-192.0.2.8, 2001:db8::7"), "\(terminal.output)")
        #expect(try lets("192.0.2.7") && lets("2001:db8::7") && lets("192.0.2.8"))
        #expect(
            try explain("192.0.2.7").contains(
                "name: 192.0.2.7 is an address of vpn.example.net (\"partner\"), last seen 2027"))
        terminal.names = [:]
        #expect(try terminal.run("check", path) == .success)
        #expect(!terminal.errors.contains("cannot be decided"))
        try isClean()
        #expect(terminal.lookedUp.count == 2)
        #expect(try terminal.run("status", path, "--format", "json") == .success)
        let names = try #require(try terminal.json()["names"] as? [[String: Any]])
        #expect(names.map { $0["name"] as? String } == ["vpn.example.net", "b.example.net"])
        #expect((names[0]["addresses"] as? [[String: Any]])?.count == 2)
        #expect(try terminal.run("status", path) == .success)
        #expect(terminal.output.contains("name: b.example.net of partner: 192.0.2.8 (seen 2027-01-15T08:00:00Z)"))
    }

    @Test("apply goes on without a name that cannot be looked up, and refresh finds it")
    func later() throws {
        terminal.names = ["vpn.example.net": ["192.0.2.7"]]
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(
            terminal.errors.contains("warning: name \"b.example.net\" cannot be renewed")
                && terminal.errors.contains("[name-stale]"))
        #expect(try lets("192.0.2.7") && !lets("192.0.2.8"))
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .difference)
        #expect(
            terminal.output.contains("name \"b.example.net\" of \"partner\" has no known address"), "\(terminal.output)"
        )
        terminal.names["b.example.net"] = ["192.0.2.8"]
        #expect(try terminal.run("refresh") == .success, "\(terminal.errors)")
        #expect(terminal.output == "partner (b.example.net): 0 -> 1 addresses\n")
        #expect(try lets("192.0.2.8"))
        try isClean()
    }

    /// Edits the policy to name `c.example.net` in the place of `b.example.net`.
    private func exchangeName() throws {
        let edited = Self.policy.replacing("b.example.net", with: "c.example.net")
        terminal.memory[path] = Self.policy
        // The commands read policies from the disk.
        terminal.editor = { [unowned terminal] copy in
            terminal.memory[copy] = edited
            try? edited.write(toFile: copy, atomically: false, encoding: .utf8)
        }
        #expect(try terminal.run("edit", path, "--yes") == .success, "\(terminal.errors)")
        _ = try terminal.write(edited)
    }

    @Test("edit looks up the names that it brings, and plans with their addresses")
    func edit() throws {
        try apply()
        terminal.names = ["c.example.net": ["192.0.2.9"]]
        try exchangeName()
        #expect(terminal.lookedUp.suffix(1) == ["c.example.net"] && terminal.lookedUp.count == 3)
        #expect(terminal.output.contains("192.0.2.9"), "\(terminal.output)")
        #expect(try lets("192.0.2.7") && lets("192.0.2.9") && !lets("192.0.2.8"))
        try isClean()
    }

    @Test("edit goes on without a name that cannot be looked up, and boot loads what was applied without a look-up")
    func neverKnown() throws {
        try apply()
        try exchangeName()
        #expect(terminal.errors.contains("warning: name \"c.example.net\" cannot be renewed"), "\(terminal.errors)")
        #expect(try lets("192.0.2.7") && !lets("192.0.2.8"))
        let (applied, count) = (terminal.store.table, terminal.lookedUp.count)
        terminal.boot = "the next one"
        terminal.store.put(nil)
        terminal.names["c.example.net"] = ["192.0.2.9"]
        #expect(try terminal.run("apply", "--boot") == .success, "\(terminal.errors)")
        #expect(terminal.store.table == applied && terminal.lookedUp.count == count)
        #expect(try terminal.run("refresh") == .success, "\(terminal.errors)")
        #expect(try lets("192.0.2.9"))
        try isClean()
    }

    @Test("refresh renews names: old addresses stay for their time, a failure of one name is its own")
    func refresh() throws {
        try apply()
        terminal.now += 23 * 3600
        terminal.names = ["vpn.example.net": ["192.0.2.9"]]
        #expect(try terminal.run("refresh", "--format", "json") == .difference)
        let json = try terminal.json()
        let sources = try #require(json["sources"] as? [[String: Any]])
        #expect(sources.map { $0["dns"] as? String } == ["vpn.example.net", "b.example.net"])
        #expect(sources[0]["before"] as? Int == 2 && sources[0]["after"] as? Int == 3)
        #expect(sources[0]["oldest"] as? String == "2027-01-15T08:00:00Z")
        #expect((json["refused"] as? [[String: Any]])?.count == 1)
        #expect(try lets("192.0.2.7") && lets("192.0.2.8") && lets("192.0.2.9"))
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .difference)
        #expect(
            terminal.output.contains(
                "name \"b.example.net\" of \"partner\" could not be renewed since 2027-01-15T08:00:00Z"))
        // Told once.
        #expect(try terminal.run("refresh") == .difference)
        #expect(terminal.output == "" && terminal.errors == "")
        terminal.now += 3600
        #expect(try terminal.run("refresh") == .difference)
        #expect(terminal.output == "partner (vpn.example.net): 3 -> 1 addresses\n", "\(terminal.output)")
        #expect(try !lets("192.0.2.7") && lets("192.0.2.8") && lets("192.0.2.9"))
        terminal.names["b.example.net"] = ["192.0.2.8"]
        #expect(try terminal.run("refresh") == .success)
        #expect(terminal.output == "name \"b.example.net\" is renewed again\n")
        try isClean()
    }

    @Test("Notes that cannot be read are not replaced: refresh fails, and old addresses stay")
    func unread() throws {
        try apply()
        let file = terminal.folder.appending(path: "state/names")
        let text = try Data(contentsOf: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: file.path)
        terminal.names["vpn.example.net"] = ["192.0.2.9"]
        #expect(try terminal.run("refresh") == .failure, "\(terminal.output)")
        #expect(terminal.errors.contains("names: another user could have written it"), "\(terminal.errors)")
        #expect(try Data(contentsOf: file) == text)
        #expect(try lets("192.0.2.7") && lets("192.0.2.8") && !lets("192.0.2.9"))
    }

    @Test("A name that was not renewed for longer than it is kept is a finding")
    func stale() throws {
        try apply()
        terminal.now += 24 * 3600
        try isClean()
        terminal.now += 1
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .difference)
        #expect(
            terminal.output.contains("longer than \"keep: 1d\": enable portreeve-refresh.timer"), "\(terminal.output)")
        #expect(try terminal.run("refresh") == .success)
        try isClean()
    }

    @Test("A name whose addresses make a test fail stays as it was; others are renewed")
    func harmful() throws {
        try apply()
        terminal.names = ["vpn.example.net": ["198.51.100.66"], "b.example.net": ["192.0.2.10"]]
        #expect(try terminal.run("refresh") == .difference)
        #expect(
            terminal.errors.contains("name \"vpn.example.net\" has addresses that make the policy invalid"),
            "\(terminal.errors)")
        #expect(try !lets("198.51.100.66") && lets("192.0.2.7") && lets("192.0.2.10"))
    }

    @Test("Without the notes, or with corrupt ones, the addresses stay and count as seen when they were applied")
    func notes() throws {
        try apply()
        let file = terminal.folder.appending(path: "state/names")
        #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
        for text in ["portreeve names 2 0000000000000000\nname 1\na\n", "", nil] {
            if let text { try Data(text.utf8).write(to: file) } else { try FileManager.default.removeItem(at: file) }
            terminal.now += 3600
            #expect(try lets("192.0.2.7"))
            #expect(try terminal.run("refresh") == .success, "\(terminal.errors)")
            try isClean()
        }
        try Data("nonsense".utf8).write(to: file)
        terminal.names = ["vpn.example.net": ["192.0.2.9"], "b.example.net": ["192.0.2.8"]]
        terminal.now += 20 * 3600
        #expect(try terminal.run("refresh") == .success)
        #expect(try lets("192.0.2.7") && lets("192.0.2.9"))
    }

    @Test("rollback restores the addresses of a change; refresh then renews them")
    func rollback() throws {
        try apply()
        terminal.names = ["vpn.example.net": ["192.0.2.9"], "b.example.net": ["192.0.2.8"]]
        terminal.now += 24 * 3600
        #expect(try terminal.run("refresh") == .success)
        #expect(try !lets("192.0.2.7"))
        #expect(try terminal.run("rollback", "1", "--yes") == .success)
        #expect(try lets("192.0.2.7") && !lets("192.0.2.9"))
        #expect(try terminal.run("refresh") == .success)
        #expect(try lets("192.0.2.9"))
    }
}
