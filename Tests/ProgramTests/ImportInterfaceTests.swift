import Foundation
import TestSupport
import Testing

@Suite("Import of rules for all interfaces but some", .privileged, .networkNamespace)
struct ImportInterfaceTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try .onRouter()
    }

    @Test("The interfaces of today are named as that, in the policy and in the notes")
    func excluded() throws {
        try portreeve.load("table inet filter {\n\(Portreeve.input("iifname != \"wan\" tcp dport 5432 accept"))\n}\n")
        let object = try portreeve.json("import")
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        let text = try #require(object["policy"] as? String)
        #expect(text.contains("    interfaces: [far-lan, far-wan, lan]   # all but wan, at import\n"), "\(text)")
        let note =
            "Rules let clients in by every interface but wan. This policy names the interfaces of today (far-lan, far-wan, lan): add one that comes later."
        #expect(try #require(object["remarks"] as? [String]).contains(note), "\(object["remarks"] ?? "")")
        #expect(text.contains("# \(note)\n"), "\(text)")
    }

    @Test("Where rules name all interfaces of the host, access by others is said to be left out")
    func withoutOthers() throws {
        let rules = """
            iifname "lan" tcp dport 53 accept
            iifname != { "wan", "lan", "far-lan", "far-wan" } tcp dport { 5432, 8000-8100 } accept
            """
        try portreeve.load("table inet filter {\n\(Portreeve.input(rules))\n}\n")
        let object = try portreeve.json("import")
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        let remarks = try #require(object["remarks"] as? [String])
        #expect(
            remarks.contains(
                "Rules also let clients in on interfaces other than far-lan, far-wan, lan, wan. This host has none of them now, so this policy leaves that out (5432/tcp, 8000-8100/tcp)."
            ), "\(remarks)")
    }

    @Test("What is masqueraded by every interface but one is so by interfaces that only other chains name")
    func masquerade() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.input("iifname \"wan\" tcp dport 22 accept"))
              chain post { type nat hook postrouting priority 100; oifname != "lan" masquerade; }
            }
            """)
        let object = try portreeve.json("import")
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        let text = try #require(object["policy"] as? String)
        #expect(text.contains("    interfaces: [far-lan, far-wan, wan]   # all but lan, at import\n"), "\(text)")
        #expect(
            try #require(object["remarks"] as? [String]).contains {
                $0.hasPrefix("Rules masquerade what leaves by every interface but lan.")
            }, "\(object["remarks"] ?? "")")
    }
}
