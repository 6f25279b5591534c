import Addressing
import Foundation
import Policies
import System
import Testing

@Suite("DNS names as sources")
struct NamesTests {
    private func read(_ text: String, _ known: [String: String] = [:]) throws -> (PolicyReading, [String]) {
        let folder = try PolicyFolder(["policy.yaml": text])
        let files = TrustedFiles(addresses: { name in known[name].map { Array($0.utf8) } })
        let reading = PolicyReader.read(path: folder.path + "/policy.yaml", options: ReadingOptions(), files: files)
        return (reading, reading.diagnostics.map { "\($0.severity): \($0.message)" })
    }

    private static let policy = """
        version: 1
        sources:
          office: 203.0.113.0/24
          partner: [{names: [VPN.example.net, b.example.net], keep: 90m, at-most: 3}, 198.51.100.1]
          all: [office, partner]
        services: {db: {ports: 5432, from: all, why: Partner}}

        """

    @Test("Names are read with their addresses, also by groups in groups")
    func known() throws {
        let (reading, _) = try read(
            Self.policy, ["vpn.example.net": "192.0.2.7\n2001:db8::7\n", "b.example.net": "garbage\n"])
        let policy = try #require(reading.policy)
        #expect(policy.names.map(\.name) == ["vpn.example.net", "b.example.net"])
        #expect(policy.names.map(\.isUnknown) == [false, true])
        #expect(policy.names.allSatisfy { $0.keep.seconds == 5400 && $0.atMost == 3 && $0.groups == ["partner"] })
        #expect(policy.groups.map(\.names.count) == [2, 0, 2])
        #expect(policy.services[0].names == ["b.example.net", "vpn.example.net"])
        let addresses = policy.services[0].addresses
        for text in ["192.0.2.7", "198.51.100.1", "203.0.113.9", "2001:db8::7"] {
            #expect(addresses.isSuperset(of: AddressSet(try AddressRange(text))), "\(text)")
        }
        #expect(policy.files.dropFirst() == ["dns:vpn.example.net", "dns:b.example.net"] && policy.lists == [1, 2])
        #expect(policy.texts[2].isEmpty)
    }

    @Test("Defaults, and the one note about trust")
    func defaults() throws {
        let (reading, messages) = try read(
            "version: 1\nsources: {a: {names: a.example}, b: {names: b.example}}\n"
                + "services: {x: {ports: 1, from: [a, b], why: w}}\n")
        let names = try #require(reading.policy).names
        #expect(names.allSatisfy { $0.keep.seconds == 86400 && $0.atMost == 16 })
        #expect(messages.count == 1 && messages[0].hasPrefix("note: \"names\" trusts DNS"), "\(messages)")
    }

    @Test("Texts that are no names are errors, with their repairs")
    func mistakes() throws {
        let long = String(repeating: "a", count: 64)
        let form = "is not the name of a host: use letters, digits and hyphens, with dots between the labels"
        try expectErrors(
            """
            version: 1
            sources:
              a: {names: [⟨vpn.example.net.⟩]}
              b: {names: ⟨192.0.2.1⟩}
              c: {names: [c.example]}
              d: {names: [⟨a_b.example⟩]}
              e: {names: [⟨bücher.example⟩]}
              f: {names: [⟨\(long).example⟩]}
              g: {names: [⟨10.1⟩]}
              h: {names: [x.example, ⟨X.example⟩]}
              i: {names: [y.example], keep: ⟨0h⟩}
              j: {names: [z.example], at-most: ⟨0⟩}
              k: {names: [u.example]}
              l: {names: [w.example], ⟨file⟩: x}
              m: {names: [v.example], keep: 1h}
              n: {names: [⟨v.example⟩], keep: 2h}
            """,
            [
                "\"vpn.example.net.\" ends with a dot; did you mean \"vpn.example.net\"?",
                "\"192.0.2.1\" is an address, not a name: list it beside the mapping of \"names\"",
                "\"a_b.example\" \(form)",
                "\"bücher.example\" has letters beyond ASCII: write the name as DNS has it, with xn--",
                "\"\(long).example\" \(form)", "\"10.1\" \(form)", "name \"x.example\" is listed twice",
                "\"keep\" must be a time from 1s to 366d such as 24h, not \"0h\"",
                "\"at-most\" must be a number of addresses from 1 to 4096, not \"0\"",
                "unknown key \"file\" in an entry of a group with \"names\"",
                "name \"v.example\" has another \"keep\" or \"at-most\" at policy.yaml:15; name it in one group, and that group here",
            ])
    }

    @Test("At most 100 names")
    func many() throws {
        let names = (0...100).map { "n\($0).example" }.joined(separator: ", ")
        let (_, messages) = try read("version: 1\nsources: {a: {names: [\(names)]}}\nservices: {}\n")
        #expect(messages.contains("error: a policy can have 100 names at most; use prefixes, or a list"), "\(messages)")
    }

    @Test(
        "Names can stand in \"from\" and \"to\" only, however they are nested",
        arguments: [
            ("deny: all", "deny"), ("never-deny: [office, all]", "never-deny"),
            ("trusted: {t: {interfaces: eth0, except: all}}", "except"),
            ("services: {x: {ports: 1, from: any, except: partner}}", "except"),
            ("services: {x: {ports: 1, from: any, addresses: all}}", "addresses"),
            ("services: {x: {ports: 1, allow: [{from: any, except: all}]}}", "except"),
            ("tests: [{from: any, except: all, to: 22, expect: deny}]", "except"),
        ])
    func places(line: String, key: String) throws {
        let head = Self.policy.replacing(#/services:.*\n/#, with: "")
        let (reading, messages) = try read(head + line + "\n", ["vpn.example.net": "192.0.2.7\n"])
        let end =
            "has the DNS name \"b.example.net\", and names can stand in \"from\" and \"to\" only, not in \"\(key)\""
        #expect(reading.policy == nil)
        #expect(messages.filter { $0.hasPrefix("error: ") && $0.hasSuffix(end) }.count == 1, "\(messages)")
        for good in [
            "trusted: {t: {from: all}}", "defaults: {ping: {from: all}}", "tests: [{from: all, to: 22, expect: deny}]",
        ] {
            #expect(try read(head + good + "\n").0.policy != nil, "\(good)")
        }
    }

    @Test("In a service names are written in a group")
    func inline() throws {
        try expectErrors(
            "version: 1\nservices: {x: {ports: 1, from: [⟨{⟩names: [a.example]}], why: w}}\n",
            ["\"from\" cannot have \"names\"; write them in a group under \"sources\""])
    }

    @Test("Nothing is said of addresses that change: no family, no cover, no empty source")
    func quiet() throws {
        let (reading, messages) = try read(
            Self.policy.replacing("from: all", with: "from: [203.0.113.0/24, partner]").replacing(
                "all: [office, partner]", with: "one: {names: one.example}")
                + "trusted: {t: {from: one, interfaces: eth0, why: w}}\n",
            ["vpn.example.net": "203.0.113.7\n"])
        #expect(reading.policy != nil)
        #expect(messages.filter { !$0.hasPrefix("note: ") } == ["warning: group \"office\" is not used"], "\(messages)")
    }

    @Test(
        "A test that depends on a name without an address neither holds nor fails",
        arguments: [
            // The sources under test, the port, what is expected, and the start of the message.
            ("192.0.2.7", "5432", "allow", "warning"), ("192.0.2.7", "5432", "deny", "warning"),
            ("203.0.113.9", "5432", "allow", nil), ("203.0.113.9", "5432", "deny", "error"),
            ("all", "5432", "allow", nil), ("all", "5432", "deny", "error"), ("partner", "5432", "deny", "error"),
            ("192.0.2.7", "22", "deny", nil), ("192.0.2.7", "22", "allow", "error"),
            ("partner", "22", "allow", "error"),
            ("partner", "80", "deny", "error"), ("partner", "80", "allow", "warning"),
            ("other", "5432", "allow", "warning"),
            ("other", "80", "deny", "warning"), ("other", "80", "allow", "warning"), ("other", "22", "deny", nil),
            ("other", "22", "allow", "error"),
        ] as [(String, String, String, String?)])
    func undecided(from: String, port: String, expect: String, severity: String?) throws {
        let (_, messages) = try read(
            Self.policy.replacing("  all:", with: "  other: {names: other.example}\n  all:")
                .replacing("why: Partner}}", with: "why: Partner}, web: {ports: 80, from: 198.51.100.1, why: w}}")
                + "tests: [{from: \(from), to: \(port), expect: \(expect)}]\n")
        let test = messages.first { $0.contains("the test ") }
        #expect(test?.split(separator: ":").first.map(String.init) == severity, "\(messages)")
        if severity == "warning" { #expect(test?.contains("no address of ") == true) }
    }
}
