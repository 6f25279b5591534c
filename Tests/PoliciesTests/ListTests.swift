import Addressing
import Foundation
import Policies
import System
import Testing

@Suite("Lists as they are published, and their bounds")
struct ListTests {
    private func policy(_ entry: String, deny: Bool = false) -> String {
        "version: 1\nsources:\n  feed: \(entry)\n\(deny ? "deny: feed\n" : "")"
            + "services: {web: {ports: 80, from: \(deny ? "any" : "feed"), why: test}}\n"
    }

    private func folder(_ list: String, _ entry: String = "{file: feed.txt}", deny: Bool = false) throws -> PolicyFolder
    {
        let folder = try PolicyFolder()
        try folder.write(policy(entry, deny: deny), to: "policy.yaml")
        try folder.write(list, to: "feed.txt")
        return folder
    }

    private func errors(_ list: String, _ entry: String) throws -> [String] {
        let folder = try folder(list, entry)
        return folder.rendered(folder.read()).filter { $0.contains(": error: ") }
    }

    @Test("Comments, line ends, families and trailing text of published lists are read")
    func formats() throws {
        let list = """
            ; Spamhaus DROP List 2026/11/26
            # another comment\r
            192.0.2.0/24 ; SBL256894\r
            198.51.100.7\tExample Hosting Ltd, Berlin (DE)\r
            198.51.100.8,US,AS64496
            \t203.0.113.1-203.0.113.9   # a range
            2001:db8::/32;no blank before it
            2001:db9::1 "quoted name" 2026-11-26
            198.51.100.9 fe80 is no address
            """
        let folder = try folder(list)
        let reading = folder.read()
        let policy = try #require(reading.policy, "\(folder.rendered(reading))")
        #expect(
            policy.groups[0].addresses
                == AddressSet(
                    ipv4: [
                        0xC000_0200...0xC000_02FF, 0xC633_6407...0xC633_6409, 0xCB00_7101...0xCB00_7109,
                    ],
                    ipv6: [0x2001_0db8 << 96...(0x2001_0db9 << 96) - 1, 0x2001_0db9 << 96 + 1...0x2001_0db9 << 96 + 1]))
        #expect(policy.listFiles.map(\.count) == [7])
    }

    @Test(
        "Text that could belong to an address is an error with its line",
        arguments: [
            "10.0.0.1 - 10.0.0.9", "10.0.0.0 255.255.255.0", "10.0.0.1 10.0.0.2", "10.0.0.1 to 10.0.0.9", "10.0.0.0 8",
            "10.0.0.1 2", "2001:db8::1 fe80::1", "10.0.0.1 host 2001:db8::1", "10.0.0.1, 10.0.0.2", "host 10.0.0.1",
            "<html>", ", 10.0.0.1",
        ])
    func ambiguous(line: String) throws {
        let folder = try folder("10.9.9.9\n⟨\(line)⟩\n")
        let errors = folder.rendered(folder.read()).filter { $0.contains(": error: ") }
        #expect(errors.count == 1)
        #expect(errors.first?.hasPrefix("feed.txt:2:1: error: \"\(line)\" ") == true, "\(errors)")
    }

    @Test("A list outside of its bounds is an error at its line in the policy")
    func bounds() throws {
        let two = "10.0.0.1\n10.0.0.1\n"
        #expect(try errors(two, "{file: feed.txt, at-least: 2, at-most: 2, shrink: 50%, widest: /8}") == [])
        let few = try errors(two, "{file: ⟨feed.txt⟩, at-least: 3}")
        #expect(few.count == 1)
        #expect(
            few.first?.hasPrefix("policy.yaml:3:16: error: list \"feed.txt\" has 2 entries, fewer than \"at-least: 3\"")
                == true, "\(few)")
        #expect(try errors(two, "{file: feed.txt, at-most: 1}").first?.contains("more than \"at-most: 1\"") == true)
        #expect(try errors("", "{file: feed.txt, at-least: 1}").first?.contains("has 0 entries") == true)
        let wide = try errors("10.0.0.0/8\n0.0.0.0/1\n", "{file: feed.txt, widest: /8}")
        #expect(wide.first?.hasPrefix("feed.txt:2:1: error: \"0.0.0.0/1\" is wider than \"widest: /8\"") == true)
        #expect(try errors("2000::/3\n", "{file: feed.txt, widest: /8}").first?.contains("\"widest: /19\"") == true)
        #expect(try errors("2000::/3\n", "{file: feed.txt, widest: {ipv6: /3}}") == [])
        #expect(try errors("0.0.0.0-127.255.255.255\n", "{file: feed.txt, widest: /1}") == [])
        #expect(try errors("0.0.0.0-128.0.0.0\n", "{file: feed.txt, widest: /1}").count == 1)
    }

    @Test("Bounds that cannot be meant are errors with their repairs")
    func mistakes() throws {
        let text = """
            version: 1
            sources:
              a: {file: a.txt, at-least: ⟨few⟩}
              b: {file: b.txt, at-least: 0, at-most: ⟨-1⟩}
              c: {file: c.txt, shrink: ⟨50⟩}
              d: {file: d.txt, shrink: ⟨101%⟩}
              e: {file: e.txt, widest: ⟨8⟩}
              f: {file: f.txt, widest: ⟨/48⟩}
              g: {file: g.txt, widest: {ipv4: /8, ⟨ipv5⟩: /8}}
              h: {file: h.txt, ⟨at-lest⟩: 2}
              i: {⟨at-least⟩: 2}
            services: {}
            """.replacing("{⟨at-least⟩: 2}", with: "⟨{⟩at-least: 2}")
        try expectErrors(
            text,
            [
                "\"at-least\" must be a number of entries from 0 to 1000000000, not \"few\"",
                "\"at-most\" must be a number of entries from 0 to 1000000000, not \"-1\"",
                "\"shrink\" must be a part from 0% to 100%, not \"50\"; did you mean \"50%\"?",
                "\"shrink\" must be a part from 0% to 100%, not \"101%\"",
                "\"widest\" must be a prefix length from /0 to /32, not \"8\"; for IPv6, write {ipv4: /8, ipv6: /32}; did you mean \"/8\"?",
                "\"widest\" must be a prefix length from /0 to /32, not \"/48\"; for IPv6, write {ipv4: /8, ipv6: /32}",
                "unknown key \"ipv5\" in \"widest\"; did you mean \"ipv4\"?",
                "unknown key \"at-lest\" in an entry of a group; did you mean \"at-least\"?",
                "an entry of a group lacks \"file\" or \"names\"",
            ],
            with: Dictionary(uniqueKeysWithValues: "abcdefgh".map { ("\($0).txt", $0 == "b" ? "" : "10.0.0.1\n") }))
    }

    @Test("at-most is no less than at-least")
    func contradiction() throws {
        let errors = try errors("10.0.0.1\n", "{file: feed.txt, at-least: 1, at-most: 0}")
        #expect(errors.contains { $0.contains("\"at-most: 0\" is less than \"at-least: 1\"") })
    }

    @Test("One list has one set of bounds")
    func twice() throws {
        let text = """
            version: 1
            sources:
              a: {file: a.txt, at-least: 1}
              b: {file: a.txt, at-least: 1}
              c: {file: ⟨a.txt⟩}
            services: {}
            """
        let folder = try PolicyFolder(["a.txt": "10.0.0.1\n"])
        try folder.write(text, to: "policy.yaml")
        let errors = folder.rendered(folder.read()).filter { $0.contains(": error: ") }
        #expect(errors.count == 1)
        #expect(errors.first?.contains("\"a.txt\" has other bounds at policy.yaml:3; name it in one group") == true)
    }

    @Test("A wide entry of a list in deny is a warning, also through groups, unless widest allows it")
    func wideDenials() throws {
        let wide = "10.0.0.0/8\n⟨64.0.0.0/7⟩\n"
        let denied = try folder(wide, deny: true)
        let expected = try denied.expected(
            "\"64.0.0.0/7\" in a list of \"deny\" is wider than /8; \"widest\" beside the list says how wide an entry may be",
            severity: .warning, in: "feed.txt", mark: 0)
        #expect(denied.rendered(denied.read()) == [expected])
        #expect(denied.read().policy?.listFiles.map(\.hasWideDenial) == [true])
        let nested = try folder(wide, "[inner]\n  inner: {file: feed.txt}", deny: true)
        #expect(nested.rendered(nested.read()) == [expected])
        let stated = try folder(wide, "{file: feed.txt, widest: /7}", deny: true)
        #expect(stated.rendered(stated.read()) == [])
        let allowed = try folder(wide)
        #expect(allowed.rendered(allowed.read()).allSatisfy { !$0.contains("wider") })
    }
}

@Suite("A list beside the one that was applied last")
struct LastListTests {
    private let text =
        "version: 1\nsources: {feed: {file: feed.txt%}}\nservices: {web: {ports: 80, from: feed, why: t}}\n"

    private func read(_ list: String?, last: String?, _ bounds: String, keeps: Bool = false) throws -> PolicyReading {
        let folder = try PolicyFolder()
        try folder.write(text.replacing("%", with: bounds), to: "policy.yaml")
        if let list { try folder.write(list, to: "feed.txt") }
        var options = ReadingOptions()
        options.keepsLastLists = keeps
        let reading = PolicyReader.read(
            path: folder.path + "/policy.yaml", options: options,
            files: TrustedFiles { _ in last.map { Array($0.utf8) } })
        return reading
    }

    private static let ten = (0..<10).map { "10.0.0.\($0)\n" }.joined()
    private static let five = (0..<5).map { "10.0.0.\($0)\n" }.joined()
    private static let four = (0..<4).map { "10.0.0.\($0)\n" }.joined()

    @Test(
        "It may shrink by the stated part, and not be emptied or cut off",
        arguments: [
            (five, ", shrink: 50%", nil), (four, ", shrink: 50%", "has 4 entries, but had 10"),
            (four, "", nil), ("# nothing\n", "", "has no entries, but had 10"), ("", ", at-least: 0", nil),
            ("10.0.0.1\n10.0.0", ", at-least: 1", "\"10.0.0\" "),
            ("10.0.0.1\n10.0.0.1", ", at-least: 1", "ends without a line break"), ("10.0.0.1\n10.0.0.1", "", nil),
            (String(ten.dropLast()) + "\n", ", shrink: 0%", nil),
        ] as [(String, String, String?)])
    func compared(list: String, bounds: String, error: String?) throws {
        let errors = try read(list, last: Self.ten, bounds).diagnostics.filter { $0.severity == .error }
        #expect(errors.count == (error == nil ? 0 : 1))
        if let error { #expect(errors.first?.message.contains(error) == true, "\(errors)") }
        // Without a last list there is nothing to compare with.
        if error?.contains("had 10") == true {
            #expect(try read(list, last: nil, bounds).policy != nil)
        }
    }

    @Test("The last good one stands in where that is asked for, and the reason is told")
    func kept() throws {
        for list in [nil, "", "<html>\n", "10.0.0.1\n", "10.0.0.1\0\n"] {
            let refused = try read(list, last: Self.ten, ", at-least: 5")
            #expect(refused.policy == nil)
            #expect(refused.refusedLists.count == 1)
            let kept = try read(list, last: Self.ten, ", at-least: 5", keeps: true)
            #expect(kept.policy?.groups[0].addresses.ipv4 == .init([0x0A00_0000...0x0A00_0009]))
            #expect(kept.policy?.texts.last == Array(Self.ten.utf8))
            #expect(kept.refusedLists.map(\.group) == ["feed"])
            #expect(!kept.diagnostics.contains { $0.severity == .error })
            #expect(try read(list, last: nil, ", at-least: 5", keeps: true).policy == nil)
        }
        let html = try read("10.0.0.1\n<html>\n", last: Self.ten, "", keeps: true).refusedLists.first
        #expect(html?.reason.hasSuffix("feed.txt:2: \"<html>\" is not an address, a prefix or a range") == true)
    }
}
