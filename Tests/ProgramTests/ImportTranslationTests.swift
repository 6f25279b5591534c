import Foundation
import TestSupport
import Testing

/// Rulesets with translations of addresses, and the lines that they become.
@Suite("Import of forwards and masquerade", .privileged, .networkNamespace)
struct ImportTranslationTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try Portreeve.onRouter()
    }

    /// The sections of a policy after the services, without the comments.
    private func sections(_ object: [String: Any]) throws -> String {
        let text = try #require(object["policy"] as? String)
        let start = try #require(text.range(of: "    why: to be filled in\n\n"))
        return text[start.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("  # ") }.joined(separator: "\n")
    }

    @Test("Copies of a translation, in a second table or of iptables, go with the first one")
    func copies() throws {
        let nat = """
              chain pre { type nat hook prerouting priority -100; ip daddr 192.0.2.1 tcp dport 443 dnat to 192.168.1.10:8443; }
              chain post { type nat hook postrouting priority 100; oifname "wan" masquerade; }
            """
        try portreeve.load(
            "table inet filter {\n\(Portreeve.ordinaryInput)\n}\ntable ip one {\n\(nat)\n}\ntable ip two {\n\(nat)\n}\n"
        )
        try portreeve.shell(
            """
            iptables-nft-restore <<'EOF'
            *nat
            -A PREROUTING -d 192.0.2.1/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.168.1.10:8443
            -A PREROUTING -d 192.0.2.1/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.168.1.10:8443
            -A POSTROUTING -o wan -j MASQUERADE
            COMMIT
            EOF
            """)
        let object = try portreeve.json("import")
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        #expect((object["kept"] as? [String]) == [])
        let text = try #require(object["policy"] as? String)
        #expect(text.components(separatedBy: "192.168.1.10:8443\"").count == 2, "\(text)")
        #expect(text.components(separatedBy: "interfaces: wan").count == 2, "\(text)")
        let steps = try #require(object["steps"] as? [String])
        #expect(Set(steps).count == steps.count, "\(steps)")
        for step in ["nft delete chain ip one pre", "nft delete chain ip two pre", "iptables -t nat -D PREROUTING 2"] {
            #expect(steps.contains(step), "\(steps)")
        }
    }

    @Test("Destinations that are translated become forwards, and sources that are masqueraded a line")
    func router() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.ordinaryInput)
              chain forward {
                type filter hook forward priority 0; policy drop;
                ct state established,related accept
                ct status dnat accept
                iifname "lan" oifname "wan" accept
              }
            }
            table ip nat {
              chain prerouting {
                type nat hook prerouting priority -100;
                ip daddr 192.0.2.1 tcp dport 443 dnat to 192.168.1.10:8443 comment "Shop"
                iifname "wan" ip daddr 192.0.2.1 udp dport 51820 dnat to 192.168.1.11
                ip daddr 192.0.2.1 tcp dport 8080 dnat to numgen inc mod 2 map { 0 : 192.168.1.12, 1 : 192.168.1.13 }
              }
              chain postrouting {
                type nat hook postrouting priority 100;
                oifname "wan" ip saddr 192.168.1.0/24 masquerade comment "Clients"
              }
            }
            """)
        let object = try portreeve.json("import")
        let sections = try sections(object)
        #expect(
            sections == """
                forward:
                  https:
                    ports: 443/tcp
                    to: "192.168.1.10:8443"
                    addresses: 192.0.2.1
                    from: any
                    why: Shop
                  http-alt:
                    ports: 8080/tcp
                    to: [192.168.1.12, 192.168.1.13]
                    balance: round-robin
                    addresses: 192.0.2.1
                    from: any
                    why: to be filled in
                  wireguard:
                    ports: 51820/udp
                    to: 192.168.1.11
                    addresses: 192.0.2.1
                    from: any
                    interfaces: wan
                    why: to be filled in

                masquerade:
                  by-wan:
                    from: 192.168.1.0/24
                    interfaces: wan
                    why: Clients

                """)
        let differences = try Portreeve.reasons(object)
        #expect(differences.isEmpty, "\(differences)")
        let steps = try #require(object["steps"] as? [String])
        #expect(steps.contains("nft delete chain ip nat prerouting"), "\(steps)")
        #expect(steps.contains("nft delete chain ip nat postrouting"), "\(steps)")
    }

    @Test("Rules that a policy cannot say stay with their chain, and the policy and the report name them")
    func kept() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.ordinaryInput)
            }
            table ip nat {
              chain prerouting {
                type nat hook prerouting priority -100;
                ip daddr 192.0.2.1 tcp dport 443 dnat to 192.168.1.10
                ip daddr 192.0.2.1 tcp dport 8000-8100 dnat to 192.168.1.10:80
              }
              chain postrouting {
                type nat hook postrouting priority 100;
                oifname "wan" ip saddr 192.168.1.0/24 masquerade
                oifname "wan" ip saddr 10.9.0.0/24 snat to 192.0.2.1
              }
            }
            """)
        let object = try portreeve.json("import")
        let text = try #require(object["policy"] as? String)
        #expect(!text.contains("forward:") && !text.contains("masquerade:"), "\(text)")
        #expect(text.contains("# These rules stay, since this policy cannot express them:\n#   ip nat prerouting: "))
        #expect((object["kept"] as? [String])?.count == 4, "\(object["kept"] ?? "")")
        let steps = try #require(object["steps"] as? [String])
        #expect(!steps.contains { $0.contains("nat") }, "\(steps)")
    }

    @Test("A translation of what is dialled at other hosts is a difference with its rule")
    func elsewhere() throws {
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.ordinaryInput)
            }
            table ip nat {
              chain prerouting {
                type nat hook prerouting priority -100;
                iifname "wan" tcp dport 443 dnat to 192.168.1.10
              }
            }
            """)
        let object = try portreeve.json("import")
        #expect(object["verdict"] as? String == "narrower")
        #expect(
            try Portreeve.reasons(object) == [
                "narrower \"ip nat prerouting: iifname \"wan\" tcp dport 443 dnat ip to 192.168.1.10\" also translates what is dialled at addresses of other hosts"
            ])
    }

    @Test("Rules about multicast decide for no host that has no address yet")
    func multicast() throws {
        for interface in ["wan", "lan"] { try portreeve.shell("ip addr flush dev \(interface)") }
        try portreeve.load(
            """
            table inet filter {
              chain input {
                type filter hook input priority 0; policy drop
                ct state established,related accept
                iifname "lo" accept
                ip daddr 224.0.0.251 udp dport 5353 accept
                ip daddr 224.0.0.0/4 drop
                tcp dport 22 accept
                udp dport 500 accept
              }
            }
            """)
        let object = try portreeve.json("import", "-")
        let text = try #require(object["policy"] as? String)
        for name in ["ssh", "isakmp", "mdns"] { #expect(text.contains("\n  \(name):\n")) }
        #expect(
            try Portreeve.reasons(object).contains(#"wider "inet filter input: ip daddr 224.0.0.0/4 drop" refuses it"#))
        #expect(try Portreeve.reasons(object).allSatisfy { !$0.contains("accept\" refuses") })
    }

    @Test("Ports of a bridge, which come and go with containers, are no interfaces of a policy")
    func bridgePorts() throws {
        try portreeve.shell(
            """
            ip link add docker0 type bridge
            ip link set docker0 up
            ip link add veth5e71180 type veth peer name inside
            ip link set veth5e71180 master docker0 up
            """)
        try portreeve.load(
            """
            table inet filter {
            \(Portreeve.ordinaryInput.replacing("tcp dport 22", with: #"iifname != "docker0" tcp dport 22"#))
            }
            """)
        let text = try #require(try portreeve.json("import", "-")["policy"] as? String)
        #expect(text.contains("interfaces: [") && !text.contains("veth5e71180"), "\(text)")
    }

    @Test("The hand-over of a router leads to the same translations by the policy alone")
    func handOver() throws {
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
              }
            }
            """)
        let path = portreeve.file("policy.yaml")
        let imported = try portreeve("import", path, "--quiet")
        #expect(imported.status == 0, "\(imported.output)")
        let steps = try #require(try portreeve.json("import")["steps"] as? [String])
        #expect(try portreeve("apply", path, "--yes").status == 0)
        for step in steps where step.hasPrefix("nft ") { try portreeve.shell(step) }
        let left = try portreeve.shell("nft list ruleset")
        #expect(left.contains("dnat ip to 192.168.1.10"))
        #expect(left.contains("oifname \"wan\" jump masquerade-"))
        #expect(try portreeve("verify", path, "--only", "ruleset").status == 0)
    }
}
