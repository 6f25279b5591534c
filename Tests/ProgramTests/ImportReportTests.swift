import Foundation
import TestSupport
import Testing

/// The sentences of the report and of the head of the policy, and the names of services.
@Suite("Report of an import", .privileged, .networkNamespace)
struct ImportReportTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try Portreeve.onRouter()
    }

    @Test("A host where only what it sends is filtered has something to import")
    func outputAlone() throws {
        try portreeve.load(
            """
            table inet filter {
              chain output {
                type filter hook output priority 0; policy drop;
                oif lo accept
                ct state established,related accept
                meta l4proto { icmp, ipv6-icmp } accept
                udp dport 53 accept comment "Names"
              }
            }
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        #expect(text.contains("  outbound: reject\n") && text.contains("\noutbound:\n"), "\(text)")
        #expect(text.contains("  domain:\n    ports: 53/udp\n    to: any\n    why: Names\n"), "\(text)")
        try portreeve.shell("nft flush ruleset")
        try portreeve.load(
            "table inet filter { chain output { type filter hook output priority 0; tcp dport 25 reject; }; }")
        let exceptions = try #require(try portreeve.json("import")["policy"] as? String)
        #expect(
            exceptions.contains(
                "# inet filter output stays: it lets out what this host sends but:\n#   tcp dport 25 reject with icmpx port-unreachable\n"
            ))
    }

    @Test("Where nothing is known to differ but what the link needs, the headline says that; signs have a legend")
    func unknownHeadline() throws {
        try portreeve.load(
            """
            table inet filter {
              chain input {
                type filter hook input priority 0; policy drop;
                tcp dport 22 accept
                ip ttl 5 tcp dport { 80, 443 } accept
                ip ttl 5 ip saddr 10.0.0.0/8 udp dport 9 accept
              }
            }
            """)
        let result = try portreeve("import")
        #expect(result.status == 2)
        #expect(result.errors.hasPrefix("unknown: nothing is known to differ"), "\(result.errors)")
        #expect(result.errors.contains("\n(? not known)\n? "), "\(result.errors)")
        #expect(result.errors.contains("443"), "\(result.errors)")
    }

    @Test("An empty set, and a filter of forwarded packets that lets everything through, are named")
    func emptySet() throws {
        try portreeve.load(
            """
            table inet filter {
              set bad { type ipv4_addr; flags interval; }
              chain input {
                type filter hook input priority 0; policy drop;
                ip saddr @bad drop
                tcp dport 22 accept
              }
              chain forward { type filter hook forward priority 0; policy accept; }
            }
            """)
        let object = try portreeve.json("import")
        #expect(
            try #require(object["remarks"] as? [String]).contains(
                "The set bad of inet filter is empty: \"inet filter input: ip saddr @bad drop\" matches nothing today, and this policy has nothing for it. Addresses that a program adds have no effect once that rule goes."
            ))
        let text = try #require(object["policy"] as? String)
        #expect(text.contains("# inet filter forward stays: it lets forwarded packets through.\n"), "\(text)")
    }

    @Test("Chains and sets that only the old chain used are left over, and named")
    func leftOver() throws {
        try portreeve.load(
            """
            table inet filter {
              set bad { type ipv4_addr; elements = { 198.51.100.7 }; }
              set lan { type ipv4_addr; elements = { 192.168.1.5 }; }
              chain web { tcp dport { 80, 443 } accept; }
              chain input {
                type filter hook input priority 0; policy drop;
                ip saddr @bad drop
                jump web
              }
              chain forward { type filter hook forward priority 0; policy drop; ip saddr @lan accept; }
            }
            table ip alone { chain input { type filter hook input priority 1; policy drop; jump more; }; chain more { accept; }; }
            """)
        let result = try portreeve("import")
        #expect(
            result.errors.contains(
                "left over then: the chain web and the set bad of inet filter, which nothing uses"),
            "\(result.errors)")
        #expect(
            result.errors.contains(
                "left over then: the table ip alone, which has no chain at a hook: nft delete table ip alone"
            ), "\(result.errors)")
        #expect(
            result.output.contains(
                "# inet filter forward stays: it refuses forwarded packets but:\n#   ip saddr @lan accept\n"),
            "\(result.output)")
    }

    @Test("A name of a service fits all of its ports")
    func names() throws {
        try portreeve.load(
            """
            table inet filter {
              chain input {
                type filter hook input priority 0; policy drop;
                meta l4proto { tcp, udp } th dport { 53 } accept
                ip saddr 10.0.0.0/8 udp dport { 53, 67, 5060 } accept
                ip saddr 10.0.0.0/9 tcp dport { 1701, 9099, 9101, 9998 } accept
                ip saddr 10.0.0.0/10 tcp dport { 25, 143 } accept
                ip saddr 10.0.0.0/11 tcp dport 6000-6007 accept
              }
            }
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        for name in ["domain", "dhcp-server-sip", "internal-ports", "mail", "tcp-6000-6007"] {
            #expect(text.contains("\n  \(name):\n"), "\(name): \(text)")
        }
    }

    @Test("A family that no rule filters is named, and so are the bytes that a rule compares by their offset")
    func unfiltered() throws {
        try portreeve.load(
            """
            table ip filter {
              chain input {
                type filter hook input priority 0; policy drop;
                ct state established,related accept
                iif lo accept
                tcp dport 22 accept
                tcp dport 80 @th,160,32 0x12345678 accept
              }
            }
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        #expect(
            text.contains("trusted:\n  # No rule filters IPv6: all of it is let in.\n  ipv6:\n    from: \"::/0\"\n"),
            "\(text)")
        #expect(text.contains(" accept (@th,160,32: 32 bits of the transport header from bit 160)\n"), "\(text)")
    }

    @Test("A rule that stays has its reason")
    func kept() throws {
        try portreeve.load(
            """
            table inet filter { chain input { type filter hook input priority 0; policy drop; tcp dport 22 accept; }; }
            table ip nat {
              chain postrouting {
                type nat hook postrouting priority 100;
                oifname "wan" tcp dport 25 masquerade
              }
            }
            """)
        let reason =
            "(it, or a rule beside it, depends on more than the source and the interface that \"masquerade\" can name)"
        let result = try portreeve("import")
        let rule = "ip nat postrouting: oifname \"wan\" tcp dport 25 masquerade \(reason)"
        #expect(result.errors.contains("stays: \(rule)"), "\(result.errors)")
        #expect(result.output.contains("#   \(rule)"), "\(result.output)")
    }

    @Test("Neighbour discovery that the old firewall dropped is essential traffic that the report names")
    func discovery() throws {
        try portreeve.shell("ip link add eth7 type veth peer name peer7; ip link set eth7 up; ip link set peer7 up")
        try portreeve.shell("ip -6 addr add 2001:db8::1/128 dev lo; ip -6 addr add 2001:db8:7::1/64 dev eth7 nodad")
        try portreeve.load("table inet filter {\n\(Portreeve.input("tcp dport 22 accept", pings: ""))\n}")
        let errors = try portreeve("import").errors
        let sentence =
            "portreeve lets in or out neighbour discovery, which is dropped today, so that no new host on the link reaches this one over IPv6"
        #expect(errors.hasPrefix("equal except for essential traffic: \(sentence)\n"), "\(errors)")
        try portreeve.shell("nft insert rule inet filter input icmpv6 type { 135, 136 } accept")
        let open = try portreeve("import").errors
        #expect(!open.contains("neighbour discovery"), "\(open)")
    }

    @Test("Where only what the link needs differs, the report says so in one line")
    func needed() throws {
        try portreeve.load(
            """
            table inet filter {
              chain input {
                type filter hook input priority 0; policy drop;
                ct state established,related accept
                iif lo accept
                meta l4proto { icmp, ipv6-icmp } accept
                tcp dport 22 accept
              }
            }
            """)
        let result = try portreeve("import")
        #expect(result.status == 2)
        let lines = result.errors.split(separator: "\n").prefix { $0 != "next:" }.filter { !$0.hasPrefix("note:") }
        #expect(lines.count == 1, "\(result.errors)")
        #expect(
            result.errors.contains(
                "equal except for essential traffic: portreeve lets in or out udp/546 from fe80::/10"),
            "\(result.errors)")
        #expect(try portreeve.json("import")["verdict"] as? String == "wider")
    }

    @Test(
        "Replies to a DHCPv6 client at a link-local address are no service, and one host that reaches itself no rule to keep"
    )
    func ofLinkAndHost() throws {
        try portreeve.shell("ip addr add fe80::1/64 dev wan nodad; ip addr add fe80::2/64 dev lan nodad")
        try portreeve.load(
            """
            table inet filter {
              chain input {
                type filter hook input priority 0; policy drop;
                ct state established,related accept
                iif lo accept
                meta l4proto { icmp, ipv6-icmp } accept
                tcp dport 22 accept
                ip6 daddr fe80::/64 udp dport 546 accept
              }
            }
            table ip nat {
              chain postrouting {
                type nat hook postrouting priority 100;
                ip saddr 172.17.0.2 ip daddr 172.17.0.2 tcp dport 80 masquerade
              }
            }
            """)
        let result = try portreeve("import")
        #expect(!result.output.contains("546/udp") && !result.output.contains("stay beside"), "\(result.output)")
        #expect(!result.errors.contains("stays:"), "\(result.errors)")
        #expect(result.errors.contains("equal except for essential traffic:"), "\(result.errors)")
    }

    @Test("Clients beside the target of a forward become its hairpin")
    func hairpin() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.ordinaryInput)
            }
            table ip nat {
              chain prerouting {
                type nat hook prerouting priority -100;
                ip daddr 192.0.2.1 tcp dport 443 dnat to 192.168.1.10
              }
              chain postrouting {
                type nat hook postrouting priority 100;
                oifname "wan" masquerade
                ip saddr 192.168.1.0/24 ip daddr 192.168.1.10 tcp dport 443 masquerade
              }
            }
            """)
        let object = try portreeve.json("import")
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        let text = try #require(object["policy"] as? String)
        #expect(text.contains("    to: 192.168.1.10\n    hairpin: 192.168.1.0/24\n"), "\(text)")
        #expect((object["kept"] as? [String])?.isEmpty == true, "\(object["kept"] ?? "")")
    }
}
