import Foundation
import TestSupport
import Testing

/// The comments with which a reader who does not know the rules reads a policy rightly.
@Suite("Comments of an imported policy", .privileged, .networkNamespace)
struct ImportReadingTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try Portreeve.onRouter()
    }

    /// The policy that is written from rules of iptables.
    private func imported(_ rules: String, policy: String = "DROP") throws -> String {
        try portreeve.shell(
            """
            iptables-nft-restore <<'EOF'
            *filter
            :INPUT \(policy) [0:0]
            :LIMIT - [0:0]
            -A INPUT -i lo -j ACCEPT
            -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            \(rules)
            COMMIT
            EOF
            """)
        return try #require(try portreeve.json("import")["policy"] as? String)
    }

    @Test("Pings that only some interfaces answer are named where the policy refuses them")
    func pings() throws {
        let text = try imported(
            "-A INPUT -i lan -j ACCEPT\n-A INPUT -i tun0 -j ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT")
        #expect(
            text.contains(
                "defaults:\n  # IPv4 pings are answered on lan, tun0 today, and not by this policy: \"ping\" cannot name interfaces.\n  ping: {from: \"::/0\"}   # IPv4: refused\n"
            ), "\(text)")
        #expect(
            text.contains(
                "  # ip filter INPUT: iifname \"lan\" accept\n  # ip filter INPUT: iifname \"tun0\" accept\n  lan-tun0:\n"
            ),
            "\(text)")
    }

    @Test("Trusted interfaces have the start of their names in common as a name")
    func trustedInterfaces() throws {
        let text = try imported(
            ["virbr0", "virbr_kube01", "virbr_kube02"].map { "-A INPUT -i \($0) -j ACCEPT\n" }.joined()
                + "-A INPUT -p tcp --dport 22 -j ACCEPT")
        #expect(text.contains("  virbr:\n    from: 0.0.0.0/0\n    interfaces: [virbr"), "\(text)")
    }

    @Test("A limit of pings that a policy cannot have is named in it")
    func limitOfPings() throws {
        let text = try imported(
            """
            -A INPUT -p icmp --icmp-type 8 -j LIMIT
            -A INPUT -p tcp --dport 22 -j ACCEPT
            -A LIMIT -m recent --set --name ICMP
            -A LIMIT -m recent --update --seconds 1 --hitcount 6 --name ICMP -j DROP
            -A LIMIT -j ACCEPT
            """)
        #expect(
            text.contains(
                "# Not in this policy: the limit of pings by \"ip filter LIMIT: xt match \"recent\" UPDATE seconds: 1 hit_count: 6 name: ICMP side: source drop\".\n"
            ), "\(text)")
    }

    @Test("Tests that every new connection passes are left out of comments, and one family has one form")
    func short() throws {
        let text = try imported(
            """
            -A INPUT -p icmp -j ACCEPT
            -A INPUT -p tcp --dport 22 --syn -m conntrack --ctstate NEW -j ACCEPT
            -A INPUT -d 224.0.0.251 -p udp --dport 5353 -j ACCEPT
            """)
        #expect(text.contains("  # ip filter INPUT: tcp dport 22 accept\n"), "\(text)")
        #expect(!text.contains("from: any"), "\(text)")
    }

    @Test("A refusal that comes after the rules that let its clients in is named, and one that refuses some is not")
    func withoutEffect() throws {
        let late = "-A INPUT -s 198.51.100.66 -j DROP"
        let text = try imported("-A INPUT -p tcp --dport 22 -j ACCEPT\n\(late)")
        #expect(
            text.contains(
                "# Without effect: \"ip filter INPUT: ip saddr 198.51.100.66 drop\" comes after the rules that let these clients in.\n"
            ), "\(text)")
        try portreeve.shell("nft flush ruleset")
        let between = try imported(
            "-A INPUT -p tcp --dport 22 -j ACCEPT\n\(late)\n-A INPUT -p tcp --dport 80 -j ACCEPT")
        #expect(!between.contains("# Without effect"), "\(between)")
    }

    @Test("A line that several rules say names them, and writes their networks")
    func severalRules() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.ordinaryInput)
              chain forward { type filter hook forward priority 0; policy drop; }
            }
            table ip nat {
              chain postrouting {
                type nat hook postrouting priority 100;
                ip saddr 172.16.30.0/25 oifname "wan" masquerade
                ip saddr 172.16.30.128/26 oifname "wan" masquerade
              }
            }
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        let rules = ["0/25", "128/26"].map {
            "  # ip nat postrouting: ip saddr 172.16.30.\($0) oifname \"wan\" masquerade\n"
        }
        #expect(text.contains("masquerade:\n\(rules.joined())"), "\(text)")
        #expect(text.contains("    from: [172.16.30.0/25, 172.16.30.128/26]\n"), "\(text)")
        #expect(
            text.contains(
                "# inet filter forward stays: it refuses forwarded packets.\n# This policy has the masquerade, but filters nothing that is forwarded.\n"
            ), "\(text)")
    }

    @Test("What a filter of forwarded packets lets through has all its conditions, those of the way to its chain, too")
    func forwardedConditions() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.ordinaryInput)
              chain forward {
                type filter hook forward priority 0; policy drop;
                ct state established,related accept
                meta l4proto { icmp, ipv6-icmp } accept
                oifname "wan" icmp type echo-request accept
                ip daddr 10.3.10.9 jump web
                jump begun
              }
              chain web { tcp dport 80 accept; }
              chain begun { iifname "lan" ct state new accept; }
            }
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        #expect(
            text.contains(
                """
                # inet filter forward stays: it refuses forwarded packets but replies, ICMP and:
                #   oifname "wan" icmp type echo-request accept
                #   ip daddr 10.3.10.9 jump web
                #   web: tcp dport 80 accept
                #   iifname "lan" ct state new accept

                """), "\(text)")
    }

    @Test("Replies by a map are replies, and what a called chain refuses before its caller accepts is told")
    func forwardedRefusals() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.ordinaryInput)
              chain forward {
                type filter hook forward priority 0; policy drop;
                ct state vmap { established : accept, related : accept, invalid : drop }
                jump shut
                iifname "lan" accept
                ip daddr 10.9.9.9 drop
              }
              chain shut { ip daddr 10.1.1.1 reject; ip daddr 10.1.1.2 reject; ip daddr 10.1.2.0/24 reject; }
            }
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        #expect(
            text.contains(
                """
                # inet filter forward stays: it refuses forwarded packets but replies and:
                #   ip daddr 10.1.1.1 reject with icmp port-unreachable, and so for 2 more addresses
                #   iifname "lan" accept

                """), "\(text)")
    }

    @Test("Ports behind a rule that is not understood are named, since a reader would take them for closed")
    func undecided() throws {
        try portreeve.load(
            "table inet filter {\n\(Portreeve.input("meta cpu 0 drop; tcp dport { 53, 7122 } accept; udp dport 1194 accept"))\n}"
        )
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        #expect(
            text.contains(
                """
                # Perhaps open now to more clients than by this policy: tcp/53, tcp/7122, udp/1194. Not understood:
                #   inet filter input: meta cpu 0 drop

                """), "\(text)")
    }

    @Test("An application of ufw is a hint beside the reason to be filled in")
    func application() throws {
        let text = try imported("-A INPUT -p tcp --dport 22 -m comment --comment \"'dapp_OpenSSH'\" -j ACCEPT")
        #expect(text.contains("    why: to be filled in   # ufw: OpenSSH\n"), "\(text)")
    }
}
