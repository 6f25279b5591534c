import Foundation
import TestSupport
import Testing

/// Translations that leave some clients alone, who reach this host itself at the same ports.
@Suite("Import of translations for some clients", .privileged, .networkNamespace)
struct ImportClientTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try Portreeve.onRouter()
    }

    private static let rules = "iifname \"lan\" accept\nip saddr 198.51.100.0/24 accept"
    private static let dnat = "iifname \"wan\" tcp dport { 22, 80, 443, 8000-8100 } dnat ip to 192.168.1.10"

    @Test("A rule stays whose forward would also send on clients that reach every port of this host")
    func kept() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.input(Self.rules))
            }
            table ip nat { chain prerouting { type nat hook prerouting priority -100; \(Self.dnat); }; }
            """)
        let object = try portreeve.json("import")
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        let text = try #require(object["policy"] as? String)
        #expect(!text.contains("forward:"), "\(text)")
        #expect(
            text.contains(
                "#   ip nat prerouting: \(Self.dnat) (a forward would also redirect clients that now reach this host itself)\n"
            ), "\(text)")
        #expect(object["kept"] as? [String] == ["ip nat prerouting: \(Self.dnat)"])
    }

    @Test("One that goes with its firewall is a forward, and all ports that lead elsewhere for others are one line")
    func diverted() throws {
        try portreeve.load(
            """
            table inet firewalld {
            \(Portreeve.input(Self.rules))
              chain nat_PREROUTING { type nat hook prerouting priority -100; \(Self.dnat); }
            }
            """)
        let result = try portreeve("import")
        let ports = "tcp/22, tcp/80, tcp/443, tcp/8000-8100 at 192.0.2.1, 192.168.1.1"
        let places = "it goes to this host itself, but to 192.168.1.10 under the policy"
        let lines = result.errors.split(separator: "\n").filter { $0.contains(places) }
        #expect(
            Set(lines) == [
                "- \(ports) on lan from any IPv4 address: \(places)",
                "- \(ports) on others from 198.51.100.0/24: \(places)",
            ], "\(result.errors)")
        #expect(result.errors.contains("(3 differences)"), "\(result.errors)")
        let differences = try #require(try portreeve.json("import")["differences"] as? [[String: Any]])
        #expect(differences.filter { $0["subject"] as? String == "target" }.count == 16, "\(differences)")
    }
}
