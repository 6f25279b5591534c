import Foundation
import TestSupport
import Testing

@Suite("Import of access that a whole family has", .privileged, .networkNamespace)
struct ImportOpennessTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try .onRouter()
        try portreeve.shell("ip addr add 2001:db8:9::1/64 dev wan nodad")
    }

    /// The text of the policy, which lets in the same as the rules.
    private func text(_ rules: String, sets: String = "") throws -> String {
        try portreeve.load("table inet filter {\n\(sets)\n\(Portreeve.input(rules))\n}\n")
        let object = try portreeve.json("import")
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        return try #require(object["policy"] as? String)
    }

    @Test("Everyone of one family is an entry of its own beside trusted hosts of the other one, with a comment")
    func apart() throws {
        let text = try text(
            """
            ip saddr { 10.0.0.1, 10.0.0.7, 172.16.9.0/24, 192.168.3.0/24, 198.51.100.7 } tcp dport 22 accept
            meta nfproto ipv6 tcp dport 22 accept
            ip saddr { 10.0.0.1, 10.0.0.7 } udp dport 161 accept
            ip6 saddr != 2001:db8::/48 udp dport 161 accept
            """)
        #expect(
            text.contains("  ssh-clients: [10.0.0.1, 10.0.0.7, 172.16.9.0/24, 192.168.3.0/24, 198.51.100.7]\n"),
            "\(text)")
        #expect(
            text.contains(
                """
                    allow:
                      - {from: ssh-clients}
                      - {from: "::/0"}   # everyone on IPv6

                """), "\(text)")
        #expect(
            text.contains(
                """
                    allow:
                      - {from: [10.0.0.1, 10.0.0.7]}
                      - {from: "::/0", except: "2001:db8::/48"}   # everyone on IPv6 but these

                """), "\(text)")
    }

    @Test("A limit of all sources together stays one, and the comment stands at the list")
    func commonLimit() throws {
        let text = try text(
            """
            ip saddr { 10.0.0.0/8, 172.16.9.0/24, 192.168.3.0/24, 198.51.100.7, 198.51.100.9 } jump few
            meta nfproto ipv6 tcp dport 22 jump few
            """, sets: "  chain few { tcp dport 22 limit rate 3/minute accept; }\n")
        #expect(text.contains("    from: [ssh-clients, \"::/0\"]   # ::/0: everyone on IPv6\n"), "\(text)")
        #expect(text.contains("    limit: {rate: 3/minute, burst: 5, per: all}\n"), "\(text)")
    }

    @Test("The name of a set does not hide that everyone is in it")
    func set() throws {
        let text = try text(
            """
            ip saddr @admins4 tcp dport 22 accept
            ip6 saddr @admins6 tcp dport 22 accept
            """,
            sets: """
                  set admins4 { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.7 }; }
                  set admins6 { type ipv6_addr; flags interval; elements = { ::/0 }; }
                """)
        #expect(text.contains("      - {from: admins4}\n      - {from: \"::/0\"}   # everyone on IPv6\n"), "\(text)")
    }

    @Test("Everything from all but some needs a place: the interfaces of today")
    func allButSome() throws {
        try portreeve.load(
            """
            table inet filter {
              chain input {
                type filter hook input priority 0; policy accept;
                ip saddr 192.168.2.2 ip ttl 5 drop
              }
            }
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        #expect(text.contains("    interfaces: [far-lan, far-wan, lan, wan]   # all, at import\n"), "\(text)")
    }

    @Test("Pings of a whole family are said to be from everyone")
    func pings() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.input("tcp dport 22 accept", pings: "ip saddr 10.0.0.0/8 icmp type echo-request accept; meta l4proto ipv6-icmp accept"))
            }
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        #expect(text.contains("  ping: {from: [10.0.0.0/8, \"::/0\"]}   # IPv6: everyone\n"), "\(text)")
    }

    @Test("Where only IPv4 is let in, everything from everyone is written as a policy takes it")
    func onlyIPv4() throws {
        try portreeve.load(
            """
            table inet filter {
              chain input { type filter hook input priority 0; policy accept; meta nfproto ipv6 drop; }
            }
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        #expect(text.contains("    from: 0.0.0.0/0\n"), "\(text)")
    }
}
