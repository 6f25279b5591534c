import Foundation
import TestSupport
import Testing

/// Targets from maps, ranges of targets, and sources that clients get: what becomes a line, and what is named.
@Suite("Import of maps, ranges and sources", .privileged, .networkNamespace)
struct ImportMapTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try Portreeve.onRouter()
    }

    /// Loads an ordinary input chain and a table that translates, and imports both.
    private func imported(_ translation: String) throws -> (object: [String: Any], text: String) {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.ordinaryInput)
            }
            table ip nat {
            \(translation)
            }
            """)
        let object = try portreeve.json("import")
        return (object, try #require(object["policy"] as? String))
    }

    private static let prerouting = "type nat hook prerouting priority -100;"
    private static let postrouting = "type nat hook postrouting priority 100;"

    @Test("Each element of a map is a forward, with the rule as nft writes it")
    func forwards() throws {
        let (object, text) = try imported(
            """
            map targets {
              type inet_service : ipv4_addr . inet_service
              elements = { 80 : 192.168.1.10 . 8080, 2222 : 192.168.1.11 . 22 }
            }
            chain prerouting {
              \(Self.prerouting)
              ip daddr 192.0.2.1 dnat ip to tcp dport map @targets comment "Published"
              ip daddr 192.0.2.1 tcp dport { 91, 92 } dnat to tcp dport map { 91 : 192.168.1.12, 92 : 192.168.1.13 }:tcp dport map { 91 : 9191, 92 : 9292 }
              ip daddr 192.0.2.1 tcp dport 90 dnat ip to numgen inc mod 2 map { 0 : 192.168.1.14 . 80, 1 : 192.168.1.15 . 80 }
            }
            """)
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        #expect(!text.contains("[register"), "\(text)")
        let start = try #require(text.range(of: "forward:\n"))
        #expect(
            text[start.lowerBound...] == """
                forward:
                  # ip nat prerouting: ip daddr 192.0.2.1 dnat ip to tcp dport map @targets
                  http:
                    ports: 80/tcp
                    to: "192.168.1.10:8080"
                    addresses: 192.0.2.1
                    from: any
                    why: Published
                  # ip nat prerouting: ip daddr 192.0.2.1 tcp dport 90 dnat ip to numgen inc mod 2 map { 0 : 192.168.1.14 . 80, 1 : 192.168.1.15 . 80 }
                  tcp-90:
                    ports: 90/tcp
                    to: ["192.168.1.14:80", "192.168.1.15:80"]
                    balance: round-robin
                    addresses: 192.0.2.1
                    from: any
                    why: to be filled in
                  # ip nat prerouting: ip daddr 192.0.2.1 tcp dport { 91, 92 } dnat ip to tcp dport map { 91 : 192.168.1.12, 92 : 192.168.1.13 }:tcp dport map { 91 : 9191, 92 : 9292 }
                  tcp-91:
                    ports: 91/tcp
                    to: "192.168.1.12:9191"
                    addresses: 192.0.2.1
                    from: any
                    why: to be filled in
                  # the same rule as tcp-91
                  tcp-92:
                    ports: 92/tcp
                    to: "192.168.1.13:9292"
                    addresses: 192.0.2.1
                    from: any
                    why: to be filled in
                  # the same rule as http
                  tcp-2222:
                    ports: 2222/tcp
                    to: "192.168.1.11:22"
                    addresses: 192.0.2.1
                    from: any
                    why: Published

                """)
    }

    @Test("Ranges that touch each other in a map lead to their own targets as a whole")
    func adjacentRanges() throws {
        let (object, text) = try imported(
            """
            chain prerouting {
              \(Self.prerouting)
              ip daddr 192.0.2.1 dnat to tcp dport map { 8000-8049 : 192.168.1.10, 8050-8100 : 192.168.1.11 }
            }
            """)
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        #expect(text.contains("    ports: 8000-8049/tcp\n    to: 192.168.1.10\n"), "\(text)")
        #expect(text.contains("    ports: 8050-8100/tcp\n    to: 192.168.1.11\n"), "\(text)")
    }

    @Test("A range of targets stays with its rule and the reason")
    func ranges() throws {
        let (object, text) = try imported(
            """
            chain prerouting {
              \(Self.prerouting)
              ip daddr 192.0.2.1 tcp dport 80 dnat to 192.168.1.10:8000-8010
              ip daddr 192.0.2.1 tcp dport 81 dnat to 192.168.1.10-192.168.1.12 persistent
            }
            chain postrouting {
              \(Self.postrouting)
              oifname "wan" ip saddr 10.3.0.0/16 meta l4proto tcp masquerade to :1024-2048
              oifname "wan" ip saddr 10.4.0.0/16 snat to 192.0.2.1-192.0.2.3
            }
            """)
        let rules = try #require(object["kept"] as? [String])
        #expect(
            rules == [
                "ip nat prerouting: ip daddr 192.0.2.1 tcp dport 80 dnat ip to 192.168.1.10:8000-8010",
                "ip nat prerouting: ip daddr 192.0.2.1 tcp dport 81 dnat ip to 192.168.1.10-192.168.1.12 persistent",
                "ip nat postrouting: oifname \"wan\" ip saddr 10.3.0.0/16 meta l4proto tcp masquerade to :1024-2048",
                "ip nat postrouting: oifname \"wan\" ip saddr 10.4.0.0/16 snat ip to 192.0.2.1-192.0.2.3",
            ])
        for reason in [
            "8000-8010 (a forward lists its targets one by one, not as a range)",
            "masquerade to :1024-2048 (a policy can masquerade, but not choose the address or the ports)",
        ] { #expect(text.contains(reason), "\(text)") }
    }

    @Test("The order in which a masquerade chooses ports, which a policy has not, is named; nft and iptables")
    func order() throws {
        let (object, text) = try imported(
            "chain postrouting { \(Self.postrouting) oifname \"wan\" ip saddr 10.1.0.0/16 masquerade random,persistent; }"
        )
        #expect(
            object["remarks"] as? [String] == [
                "A policy has no word for \"random,persistent\" of \"ip nat postrouting: oifname \"wan\" ip saddr 10.1.0.0/16 masquerade random,persistent\": connections keep their source port where it is free."
            ])
        #expect(text.contains("masquerade:\n  # ip nat postrouting: oifname"), "\(text)")
        try portreeve.shell(
            """
            nft flush table ip nat
            nft delete table ip nat
            iptables-nft -t nat -A POSTROUTING -s 10.1.0.0/16 -o wan -j MASQUERADE --random
            """)
        let remarks = try #require(try portreeve.json("import")["remarks"] as? [String])
        #expect(remarks.count == 1 && remarks[0].hasPrefix("A policy has no word for \"random\" of "), "\(remarks)")
    }

    @Test(
        "A hairpin by an address of this host is a line of the forward, and another address than clients get by it is named",
        arguments: [("192.168.1.1", true, 0), ("192.0.2.1", true, 1), ("192.168.1.7", false, 0)])
    func hairpin(address: String, isSaid: Bool, remarks: Int) throws {
        let (object, text) = try imported(
            """
            chain prerouting { \(Self.prerouting) ip daddr 192.0.2.1 tcp dport 8443 dnat to 192.168.1.10; }
            chain postrouting {
              \(Self.postrouting)
              ip saddr 192.168.1.0/24 ip daddr 192.168.1.10 tcp dport 8443 snat to \(address)
            }
            """)
        #expect(text.contains("    hairpin: 192.168.1.0/24\n") == isSaid, "\(text)")
        #expect((object["kept"] as? [String])?.isEmpty == isSaid)
        let found = try #require(object["remarks"] as? [String])
        #expect(found.count == remarks && found.allSatisfy { $0.contains("gives clients the address 192.0.2.1") })
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
    }

    @Test(
        "Rules of firewalld that a policy cannot say go with its table; a jump to a chain that does nothing is no condition"
    )
    func firewalld() throws {
        try portreeve.load(
            """
            table inet firewalld {
            \(Portreeve.ordinaryInput)
              chain nat_PREROUTING {
                \(Self.prerouting)
                ip daddr 192.0.2.1 tcp dport 8000-8010 dnat ip to 192.168.1.10:9000-9010
              }
              chain nat_POSTROUTING {
                \(Self.postrouting)
                jump nat_POSTROUTING_POLICIES
                oifname "wan" meta nfproto ipv4 masquerade
              }
              chain nat_POSTROUTING_POLICIES {
                iifname "lan" oifname "wan" jump nat_POST_policy_out
              }
              chain nat_POST_policy_out {
                jump nat_POST_policy_out_allow
              }
              chain nat_POST_policy_out_allow {
              }
            }
            """)
        let object = try portreeve.json("import")
        let text = try #require(object["policy"] as? String)
        #expect(text.contains("masquerade:\n  # inet firewalld nat_POSTROUTING: "), "\(text)")
        let rule =
            "inet firewalld nat_PREROUTING: ip daddr 192.0.2.1 tcp dport 8000-8010 dnat ip to 192.168.1.10:9000-9010"
        #expect(object["gone"] as? [String] == [rule])
        #expect((object["kept"] as? [String])?.isEmpty == true)
        #expect(
            text.contains(
                "# These rules go with their firewall, and this policy has nothing in their place:\n#   \(rule)"))
        let differences = try #require(object["differences"] as? [[String: Any]])
        #expect(
            differences.contains { $0["subject"] as? String == "target" && $0["rule"] as? String == rule },
            "\(differences)")
    }
}
