import Foundation
import TestSupport
import Testing

@Suite("Names in an imported policy", .privileged, .networkNamespace)
struct ImportNameTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try .onRouter()
    }

    /// The names of the lines of a section of the policy.
    private func names(_ rules: String, sets: String = "", in section: String = "services") throws -> [String] {
        try portreeve.load("table inet filter {\n\(sets)\n\(Portreeve.input(rules))\n}\n")
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        let lines = text.components(separatedBy: "\n").drop { $0 != "\(section):" }.dropFirst().prefix { !$0.isEmpty }
        return lines.filter { $0.hasPrefix("  ") && $0.hasSuffix(":") && !$0.hasPrefix("   ") }
            .map { String($0.dropFirst(2).dropLast()) }
    }

    @Test(
        "Ports have the names by which people know them",
        arguments: [
            ("udp dport 67-68 accept", "dhcp"), ("udp dport 68 accept", "dhcp-client"),
            ("udp dport 67 accept", "dhcp-server"),
            ("udp dport 51820 accept", "wireguard"), ("tcp dport { 137-139, 445 } accept", "samba"),
            ("udp dport { 500, 4500 } accept", "ipsec"), ("tcp dport { 22, 2222 } accept", "ssh-and-2222"),
            ("tcp dport { 22, 443, 3000 } accept", "ssh-https-and-3000"), ("tcp dport 143 accept", "imap"),
            ("tcp dport { 4173, 7474 } accept comment \"Graph store\"", "graph-store"),
            ("tcp dport { 22, 3000, 4173, 7474 } accept", "public-ports"),
            ("ip saddr 10.0.0.0/8 tcp dport { 22, 3000, 4173, 7474 } accept", "internal-ports"),
            ("iifname \"lan\" tcp dport { 22, 3000, 4173, 7474 } accept", "ports-on-lan"),
            (
                "iifname \"lan\" tcp dport { 3000, 4173 } accept comment \"A sentence about it, no name\"",
                "tcp-3000-and-4173"
            ),
        ])
    func ports(rule: String, name: String) throws {
        #expect(try names(rule) == [name])
    }

    @Test("Many ports have the name of their set")
    func set() throws {
        let sets = "  set shop-ports { type inet_service; elements = { 22, 3000, 4173, 7474 }; }\n"
        #expect(try names("tcp dport @shop-ports accept", sets: sets) == ["shop-ports"])
    }

    @Test("A second line of the same ports is told by its difference, not by a number")
    func differences() throws {
        let names = try names(
            """
            tcp dport 53 ip saddr @admins accept
            udp dport 53 accept
            ip daddr 192.0.2.1 tcp dport 22 accept
            ip daddr 192.168.1.1 ip saddr @admins tcp dport 22 accept
            ip daddr 224.0.0.251 udp dport 5353 accept
            """, sets: "  set admins { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.7 }; }\n")
        #expect(Set(names) == ["ssh", "ssh-at-192-168-1-1", "domain", "domain-udp", "mdns"], "\(names)")
        try portreeve.load(
            """
            table inet out {
              set resolvers { type ipv4_addr; elements = { 192.0.2.53, 192.0.2.54 }; }
              chain output {
                type filter hook output priority 0; policy drop;
                oif lo accept
                ct state established,related accept
                ip daddr @resolvers udp dport 53 accept
                oifname "lan" udp dport 53 accept
                meta skuid 0 udp dport 53 accept
              }
            }
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        for name in ["domain", "domain-by-lan", "domain-of-root"] {
            #expect(text.contains("\n  \(name):\n    ports: 53/udp\n"), "\(text)")
        }
    }

    @Test("A list that several lines share has the name of none of them")
    func groups() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.input(
                """
                ip saddr { 10.0.0.1, 10.0.0.3, 10.0.0.5, 10.0.0.7 } tcp dport 22 accept
                ip saddr { 10.0.0.1, 10.0.0.3, 10.0.0.5, 10.0.0.7 } tcp dport 5432 accept
                ip saddr { 10.0.0.2, 10.0.0.4, 10.0.0.6, 10.0.0.8 } tcp dport 3306 accept
                """))
            }
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        #expect(text.contains("  allowed-hosts: [10.0.0.1, 10.0.0.3, 10.0.0.5, 10.0.0.7]\n"), "\(text)")
        #expect(text.contains("  mysql-clients: [10.0.0.2, 10.0.0.4, 10.0.0.6, 10.0.0.8]\n"), "\(text)")
    }
}
