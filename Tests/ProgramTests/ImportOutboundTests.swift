import Foundation
import TestSupport
import Testing

/// Rulesets with filters of packets that leave, and the lines that they become.
@Suite("Import of outbound", .privileged, .networkNamespace)
struct ImportOutboundTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try Portreeve.onRouter()
    }

    @Test("A filter of packets that leave becomes lines of outbound")
    func outbound() throws {
        try portreeve.load(
            """
            table inet filter {
              set resolvers { type ipv4_addr; elements = { 192.0.2.53, 192.0.2.54 }; }
            \(Portreeve.ordinaryInput)
              chain output {
                type filter hook output priority 0; policy drop;
                oif lo accept
                ct state established,related accept
                meta l4proto { icmp, ipv6-icmp } accept
                ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept comment "Names"
                meta skuid 0 tcp dport { 80, 443 } accept comment "Updates"
                oifname "wan" udp dport 123 accept
                reject
              }
            }
            """)
        let object = try portreeve.json("import")
        let text = try #require(object["policy"] as? String)
        #expect(text.contains("defaults:\n  outbound: reject\n"), "\(text)")
        let start = try #require(text.range(of: "outbound:\n  #"))
        #expect(
            text[start.lowerBound...] == """
                outbound:
                  # inet filter output: ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept
                  domain:
                    ports: [53/tcp, 53/udp]
                    to: resolvers
                    why: Names
                  # inet filter output: meta skuid 0 tcp dport { 80, 443 } accept
                  web:
                    ports: [80/tcp, 443/tcp]
                    to: any
                    user: root
                    why: Updates
                  # inet filter output: oifname "wan" udp dport 123 accept
                  ntp:
                    ports: 123/udp
                    to: any
                    interfaces: wan
                    why: to be filled in

                """)
        let steps = try #require(object["steps"] as? [String])
        #expect(steps.contains("nft delete chain inet filter output"), "\(steps)")
        let differences = try Portreeve.reasons(object)
        #expect(differences.isEmpty, "\(differences)")
    }

    @Test("Replies that the old filter refuses, and portreeve lets out, are differences")
    func replies() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.input("tcp dport { 22, 80 } accept"))
              chain output {
                type filter hook output priority 0; policy drop;
                oif lo accept
                tcp sport 22 ct state established accept
                udp dport 53 accept
              }
            }
            """)
        let object = try portreeve.json("import")
        let found = try #require(object["differences"] as? [[String: Any]])
            .filter { $0["subject"] as? String == "replies" && $0["family"] as? String == "ipv4" }
        #expect(
            Set(found.map { "\($0["kind"] ?? "") \($0["protocol"] ?? "") \($0["port"] ?? "")" }) == [
                "wider tcp 80", "wider icmp <null>",
            ])
        let errors = try portreeve("import").errors
        #expect(
            errors.contains(
                "tcp/80, ping from anyone: \"inet filter output: policy drop\" refuses the replies of this host, and portreeve lets them out"
            ), "\(errors)")
    }

    @Test("A line names the rules by all interfaces, not only the one that lets out everything by one of them")
    func interfaces() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.ordinaryInput)
              chain output {
                type filter hook output priority 0; policy drop;
                oifname "lan" accept
                tcp dport 53 accept
              }
            }
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        #expect(
            text.contains(
                """
                  # inet filter output: tcp dport 53 accept
                  # inet filter output: oifname "lan" accept
                  domain:

                """), "\(text)")
    }

    @Test("What every port may reach, such as IPv6 beside a filter of IPv4, is one line")
    func unfilteredFamily() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.ordinaryInput)
            }
            table ip filter {
              chain output {
                type filter hook output priority 0; policy drop;
                oif lo accept
                ct state established,related accept
                ip protocol icmp accept
                udp dport 53 accept
                meta skuid 0 tcp dport { 80, 443 } accept
              }
            }
            """)
        let object = try portreeve.json("import")
        let text = try #require(object["policy"] as? String)
        let start = try #require(text.range(of: "outbound:\n  all"), "\(text)")
        let lines = text[start.lowerBound...].split(separator: "\n").filter {
            !$0.contains("# ") && !$0.contains("why:")
        }
        #expect(
            lines.joined(separator: "\n") == """
                outbound:
                  all-ports:
                    ports: [1-65535/tcp, 1-65535/udp, 1-65535/dccp, 1-65535/sctp, 1-65535/udplite]
                    to: "::/0"
                  web:
                    ports: [80/tcp, 443/tcp]
                    to: 0.0.0.0/0
                    user: root
                  domain:
                    ports: 53/udp
                    to: 0.0.0.0/0
                """)
        // A line of `outbound` has ports, or protocols by name.
        #expect(try Portreeve.reasons(object) == ["narrower no rule refuses it, but the policy does not let it out"])
    }

    @Test("What leaves from a source port that a rule names is compared on its own")
    func outboundSourcePort() throws {
        try portreeve.load(
            """
            table inet filter {
              chain input { type filter hook input priority 0; policy drop; tcp dport 22 accept; }
              chain output {
                type filter hook output priority 0; policy drop
                ct state established,related accept
                oifname "lo" accept
                udp dport 53 accept
                udp sport 123 udp dport 123 accept
              }
            }
            """)
        let reason = "lets it out, but a policy cannot match source ports"
        #expect(
            try Portreeve.reasons(try portreeve.json("import", "-")).contains(
                "narrower \"inet filter output: udp sport 123 udp dport 123 accept\" \(reason)"))
    }
}
