import Foundation
import TestSupport
import Testing

/// Limits of some clients alone, and rules that no packet matches.
@Suite("Import of limits and of rules without packets", .privileged, .networkNamespace)
struct ImportLimitTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try Portreeve.onRouter()
    }

    /// Loads an input chain with these rules at its end, and imports it.
    private func imported(_ rules: String, pings: String = "meta l4proto { icmp, ipv6-icmp } accept") throws
        -> (object: [String: Any], text: String)
    {
        try portreeve.load("table inet filter {\n\(Portreeve.input(rules, pings: pings))\n}\n")
        let object = try portreeve.json("import")
        return (object, try #require(object["policy"] as? String))
    }

    private func differences(_ object: [String: Any]) throws -> [String] {
        try #require(object["differences"] as? [[String: Any]]).map {
            "\($0["kind"] ?? "") \($0["protocol"] ?? "") \($0["reason"] ?? "")"
        }
    }

    @Test("A limit of the pings of one family, which a policy has for both, is a difference of the other")
    func pings() throws {
        let (object, text) = try imported(
            "tcp dport 22 accept",
            pings:
                "icmp type echo-request limit rate 5/second accept\nmeta l4proto ipv6-icmp accept"
        )
        #expect(text.contains("  ping: 5/second\n"), "\(text)")
        let rule = "\"inet filter input: icmp type echo-request limit rate 5/second accept\""
        #expect(try differences(object) == ["narrower ipv6-icmp only the policy limits it, not \(rule)"])
    }

    @Test("Different limits of the pings of both families are differences of each")
    func differentPings() throws {
        let (object, text) = try imported(
            "tcp dport 22 accept",
            pings:
                "icmp type echo-request limit rate 5/second accept\nicmpv6 type echo-request limit rate 9/second accept\nmeta l4proto ipv6-icmp icmpv6 type != echo-request accept"
        )
        #expect(!text.contains("  ping:"), "\(text)")
        #expect(
            try differences(object) == [
                "wider icmp the policy cannot express the limit of \"inet filter input: icmp type echo-request limit rate 5/second accept\"",
                "wider ipv6-icmp the policy cannot express the limit of \"inet filter input: icmpv6 type echo-request limit rate 9/second accept\"",
            ])
    }

    @Test("Limits of single ports are kept where all other ports are open, too")
    func amongOpenPorts() throws {
        try portreeve.load(
            """
            table inet filter {
              chain input {
                type filter hook input priority 0; policy accept;
                tcp dport 80 ct state new limit rate over 10/second drop
                tcp dport 22 ct state new meter m { ip saddr timeout 10s limit rate over 5/minute } drop
                tcp dport 23 drop
              }
            }
            """)
        let object = try portreeve.json("import")
        let text = try #require(object["policy"] as? String)
        #expect(text.contains("limit: {rate: 10/second, burst: 5, per: all}"), "\(text)")
        #expect(text.contains("{rate: 5/minute, burst: 5}"), "\(text)")
        let found = try differences(object)
        #expect(!found.contains { $0.hasPrefix("wider tcp") }, "\(found)")
    }

    @Test("Clients without the limit of the others have an entry of their own, by source, interface and family")
    func entries() throws {
        let (object, text) = try imported(
            """
            ip saddr 192.0.2.0/24 tcp dport 22 accept
            tcp dport 22 limit rate 10/minute accept
            iifname "lan" tcp dport 443 accept
            tcp dport 443 limit rate 10/minute accept
            meta nfproto ipv4 tcp dport 80 limit rate 10/minute accept
            meta nfproto ipv6 tcp dport 80 accept
            """)
        let found = try differences(object)
        #expect(object["verdict"] as? String == "equal", "\(found)")
        for free in ["{from: 192.0.2.0/24}", "{from: any, interfaces: lan}", "{from: \"::/0\"}   # everyone on IPv6"] {
            let lines =
                "    allow:\n      - \(free)\n      - {from: any, limit: {rate: 10/minute, burst: 5, per: all}}\n"
            #expect(text.contains(lines), "\(text)")
        }
    }

    @Test("A rule for a mark that no rule sets is named, and one for a mark that is set is a service")
    func marks() throws {
        try portreeve.load(
            """
            table inet early {
              chain prerouting {
                type filter hook prerouting priority -150;
                tcp dport 8443 meta mark set 0x8
                meta mark 0x9 ct mark set 0xa
                ip daddr 10.9.9.9 meta mark set 0x5
              }
            }
            """)
        let (object, text) = try imported(
            """
            tcp dport 22 accept
            meta mark 0x8 tcp dport 8443 accept
            meta mark 0x5 tcp dport 443 accept
            ct mark 0xa tcp dport 444 accept
            meta mark & 0xf0 != 0x0 tcp dport 445 accept
            meta mark != 0x5 tcp dport 446 accept
            """)
        #expect(
            object["remarks"] as? [String] == [
                "No rule that matches a packet sets the mark that \"inet filter input: meta mark 0x5 tcp dport 443 accept\", \"inet filter input: ct mark 0xa tcp dport 444 accept\", \"inet filter input: meta mark & 0xf0 != 0x0 tcp dport 445 accept\" test: they match no packet, unless a filter of tc or a BPF program sets it."
            ])
        #expect(text.contains("# No rule that matches a packet sets the mark that"))
        #expect(text.contains("    ports: 8443/tcp\n") && text.contains("    ports: 446/tcp\n"), "\(text)")
        #expect(!text.contains("    ports: 443/tcp\n"), "\(text)")
    }

    @Test("A broadcast address of a network of this host is that of a service, and another one is named")
    func broadcasts() throws {
        let (object, text) = try imported(
            """
            tcp dport 22 accept
            ip daddr 192.168.1.255 udp dport 137 accept
            ip daddr 10.255.255.255 udp dport 138 accept
            ip daddr { 10.0.0.5, 10.0.0.6 } tcp dport 5432 accept
            """)
        let found = try differences(object)
        #expect(object["verdict"] as? String == "equal", "\(found)")
        #expect(text.contains("    ports: 137/udp\n    addresses: 192.168.1.255\n    from: any\n"), "\(text)")
        #expect(
            object["remarks"] as? [String] == [
                "Left out, since this host has no such address: 10.255.255.255 (138/udp), 10.0.0.5-10.0.0.6 (5432/tcp)."
            ])
    }

    @Test(
        "The comment of a rule for an interface is the reason of its entry, and an interface without a rule has a sentence"
    )
    func trustedInterfaces() throws {
        let (_, commented) = try imported("tcp dport 22 accept\niifname \"lan\" accept comment \"Storage\"")
        #expect(
            commented.contains(
                "trusted:\n  # inet filter input: iifname \"lan\" accept\n  lan:\n    from: any\n    interfaces: lan\n    why: Storage\n"
            ),
            "\(commented)")
        try portreeve.shell("nft flush ruleset")
        let (_, bare) = try imported("tcp dport 22 accept\niifname \"wan\" drop\naccept")
        #expect(bare.contains("trusted:\n  # No rule refuses what arrives there.\n"), "\(bare)")
    }

    @Test("A broadcast that a rule refuses before a port is opened is a difference")
    func refusedBroadcast() throws {
        let (object, _) = try imported("ip daddr 192.168.1.255 drop; udp dport 137 accept")
        let found = try #require(object["differences"] as? [[String: Any]])
        #expect(found.map { "\($0["kind"] ?? "") \($0["group"] ?? "")" } == ["wider 192.168.1.255"], "\(found)")
    }
}
