import Foundation
import TestSupport
import Testing

@Suite("Import", .privileged, .networkNamespace)
struct ImportTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try Portreeve()
        try portreeve.shell(
            """
            ip link set lo up
            ip link add eth1 type veth peer name far
            ip addr add 192.0.2.1/24 dev eth1
            ip link set eth1 up
            """)
    }

    /// A ruleset as people write it; it lets in what portreeve lets in on every host.
    private static let firewall = """
        table inet filter {
          set admins { type ipv4_addr; flags interval; elements = { 10.8.0.0/16, 192.0.2.10 }; }
          set bad { type ipv4_addr; flags interval; elements = { 198.51.100.0/24, 203.0.113.66 }; }
          chain input {
            type filter hook input priority 0; policy drop;
            ip saddr @bad drop
            ct state established,related accept
            iif lo accept
            meta l4proto { icmp, ipv6-icmp } accept
            ip6 saddr fe80::/10 udp dport 546 accept
            iifname "wg*" accept
            ip saddr @admins tcp dport 22 accept comment "Admin access"
            tcp dport { 80, 443 } accept
            iifname "eth1" tcp dport 5432 accept
            udp dport 51820 limit rate 20/second burst 40 packets accept
          }
        }
        """

    @Test("A hand-written firewall becomes a policy that lets in the same, and nobody gains or loses")
    func handWritten() throws {
        try portreeve.load(Self.firewall)
        let path = portreeve.file("policy.yaml")
        let result = try portreeve("import", path)
        #expect(result.status == 0, "\(result.output) \(result.errors)")
        #expect(
            result.output.contains(
                "equal: the policy lets in exactly the new connections that the live rulesets let in"))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(
            text == """
                # Written by portreeve import from the rules of inet filter input.
                # They stay in effect until the commands printed by "portreeve import" remove them.
                # The host had no IPv6 address beside loopback: IPv6 is compared for an assumed one, 2001:db8::1.
                version: 1

                sources:
                  bad: [198.51.100.0/24, 203.0.113.66]
                  admins: [10.8.0.0/16, 192.0.2.10]

                # Dropped silently, also on open connections and on those that this host begins.
                deny: [bad]

                trusted:
                  # inet filter input: iifname "wg*" accept
                  wg:
                    from: any
                    interfaces: "wg*"
                    why: to be filled in

                services:
                  # inet filter input: ip saddr @admins tcp dport 22 accept
                  ssh:
                    ports: 22/tcp
                    from: admins
                    optional: true   # no listener at import
                    why: Admin access
                  # inet filter input: tcp dport { 80, 443 } accept
                  web:
                    ports: [80/tcp, 443/tcp]
                    from: any
                    optional: true   # no listener at import
                    why: to be filled in
                  # inet filter input: iifname "eth1" tcp dport 5432 accept
                  postgresql:
                    ports: 5432/tcp
                    from: any
                    interfaces: eth1
                    optional: true   # no listener at import
                    why: to be filled in
                  # inet filter input: udp dport 51820 limit rate 20/second burst 40 packets accept
                  wireguard:
                    ports: 51820/udp
                    from: any
                    limit: {rate: 20/second, burst: 40, per: all}
                    optional: true   # no listener at import
                    why: to be filled in

                """)
        let access = try #require(try portreeve.json("plan", path)["access"] as? [String: [Any]])
        let changes = access.values.flatMap { $0 }
        #expect(changes.isEmpty, "\(changes)")
    }

    @Test("A policy that trusts all interfaces there are changes nothing by plan")
    func trustedInterfaces() throws {
        try portreeve.shell("ip link add eth7 type veth peer name peer7")
        try portreeve.load(
            "table ip t { chain c { type filter hook input priority 0; policy accept; ip saddr 10.0.0.0/24 drop; }; }")
        let path = portreeve.file("policy.yaml")
        #expect(try portreeve("import", path, "--quiet").status == 0)
        let access = try #require(try portreeve.json("plan", path)["access"] as? [String: [Any]])
        let changes = access.values.flatMap { $0 }
        #expect(changes.isEmpty, "\(changes)")
    }

    @Test("Loopback addresses, which no other host sends from, lose nothing by plan")
    func loopbackSources() throws {
        try portreeve.load(
            """
            table ip t {
              chain c {
                type filter hook input priority 0; policy drop;
                tcp dport 22 accept
                ip saddr 127.0.0.1 accept
              }
            }
            """)
        let path = portreeve.file("policy.yaml")
        #expect(try portreeve("import", path, "--quiet").status == 0)
        let access = try #require(try portreeve.json("plan", path)["access"] as? [String: [Any]])
        let changes = access.values.flatMap { $0 }
        #expect(changes.isEmpty, "\(changes)")
    }

    @Test("The commands of the hand-over lead to a host where the policy alone decides")
    func handOver() throws {
        try portreeve.load(Self.firewall)
        let path = portreeve.file("policy.yaml")
        #expect(try portreeve("import", path, "--quiet").status == 0)
        #expect(try portreeve("apply", path, "--yes").status == 0)
        let steps = try #require(try portreeve.json("import")["steps"] as? [String])
        #expect(steps.contains("nft delete chain inet filter input"), "\(steps)")
        try portreeve.shell("nft delete chain inet filter input")
        let verified = try portreeve("verify", path, "--only", "ruleset")
        #expect(verified.status == 0, "\(verified.output)")
        let explained = try portreeve("explain", "192.0.2.10", "22/tcp")
        #expect(explained.output.contains("accept"), "\(explained.output)")
    }

    @Test("Source ports, which a policy cannot say, are differences with their rules, and exit status 2")
    func sourcePorts() throws {
        try portreeve.load(
            """
            table inet filter {
              chain input {
                type filter hook input priority 0; policy drop;
                ip6 saddr fe80::/10 udp dport 546 accept
                tcp dport 22 accept
                udp sport 67 udp dport 68 accept
                meta nfproto ipv4 tcp sport 1024-65535 tcp dport 443 accept
                ip daddr 255.255.255.255 udp sport { 53, 67 } udp dport 5000 accept
              }
            }
            """)
        let result = try portreeve("import", "--format", "json")
        #expect(result.status == 2)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect(object["verdict"] as? String == "incomparable")
        let text = try #require(object["policy"] as? String)
        #expect(text.contains("    ports: 443/tcp\n"), "\(text)")
        #expect(!text.contains("Not understood") && !text.contains("68/udp"), "\(text)")
        let differences = try #require(object["differences"] as? [[String: Any]])
        let lines = differences.map {
            "\($0["kind"] ?? "") \($0["protocol"] ?? "")/\($0["port"] ?? "") \($0["family"] ?? "") \($0["source_ports"] ?? "") \($0["group"] ?? "") \($0["rule"] ?? "")"
        }
        #expect(
            Set(lines) == [
                "wider tcp/443 ipv4 1-1023  inet filter input: policy drop",
                "narrower udp/68 ipv4 67  inet filter input: udp sport 67 udp dport 68 accept",
                "narrower udp/68 ipv6 67  inet filter input: udp sport 67 udp dport 68 accept",
                "narrower udp/5000 ipv4 53 255.255.255.255 inet filter input: ip daddr 255.255.255.255 udp sport { 53, 67 } udp dport 5000 accept",
                "narrower udp/5000 ipv4 67 255.255.255.255 inet filter input: ip daddr 255.255.255.255 udp sport { 53, 67 } udp dport 5000 accept",
            ])
    }

    @Test("A port that is open at a multicast address alone becomes a service there")
    func groups() throws {
        let rules = """
            tcp dport 22 accept
            ip daddr 224.0.0.251 udp dport 5353 accept
            ip6 daddr ff02::fb udp dport 5353 accept
            ip daddr 239.255.255.250 ip saddr 192.0.2.0/24 udp dport 1900 accept
            """
        try portreeve.load("table inet filter {\n\(Portreeve.input(rules))\n}\n")
        let object = try portreeve.json("import")
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        let text = try #require(object["policy"] as? String)
        let lines = text.split(separator: "\n").filter { !$0.contains("#") && !$0.contains("why:") }
        let services = lines.drop { $0 != "  mdns:" }.map { $0.drop { $0 == " " } }
        #expect(
            services == [
                "mdns:", "ports: 5353/udp", "addresses: [224.0.0.251, \"ff02::fb\"]", "from: any",
                "udp-1900:", "ports: 1900/udp", "addresses: 239.255.255.250", "from: 192.0.2.0/24",
            ])
    }

    @Test("Where the rules let in nothing of IPv6, the policy says so once")
    func oneFamily() throws {
        try portreeve.load(
            """
            table ip filter {
              chain input {
                type filter hook input priority 0; policy drop;
                ct state established,related accept
                iif lo accept
                ip protocol icmp accept
                tcp dport { 22, 80 } accept
              }
              chain forward { type filter hook forward priority 0; policy drop; }
            }
            table ip6 filter {
              chain input {
                type filter hook input priority 0; policy drop;
                ct state established,related accept
                iif lo accept
                meta l4proto ipv6-icmp accept
                ip6 saddr fe80::/10 udp dport 546 accept
              }
            }
            """)
        let object = try portreeve.json("import")
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        let text = try #require(object["policy"] as? String)
        #expect(text.contains("defaults:\n  families: [ipv4]\n"), "\(text)")
        #expect(text.contains("    ports: [22/tcp, 80/tcp]\n    from: any\n"), "\(text)")
        #expect(
            text.contains(
                "# ip filter forward stays: it refuses forwarded packets.\n"
            ), "\(text)")
    }

    @Test("Thousands of rules become a few lines")
    func thousands() throws {
        let rules = (0..<300).flatMap { network in
            [22, 80, 443, 3306, 5432, 6379, 8080, 9090, 9100, 9200].map {
                "add rule ip filter input ip saddr 10.0.\(network % 200).\(network / 200 * 128)/25 tcp dport \($0) accept"
            }
        }
        try portreeve.load(
            """
            table ip filter {
              chain input {
                type filter hook input priority 0; policy drop;
                iif lo accept
              }
            }
            \(rules.joined(separator: "\n"))
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        #expect(text.split(separator: "\n").count < 120, "\(text)")
        #expect(text.contains("10.0.0.0/"))
    }

    @Test("Where portreeve's table alone decides, nothing is imported, and the message names the commands that help")
    func alone() throws {
        let path = try portreeve.write("version: 1\nservices:\n  ssh: {ports: 22, from: any, why: x}\n")
        #expect(try portreeve("apply", path, "--yes").status == 0)
        let result = try portreeve(
            "import", portreeve.file("imported.yaml"), "--state-dir", portreeve.stateDirectory)
        #expect(result.status == 1 && result.output.isEmpty, "\(result)")
        #expect(result.errors.contains("nothing to import: portreeve's own table is the only one"), "\(result)")
        let options = " --state-dir \(portreeve.stateDirectory)"
        for command in ["status \(path)", "rollback", "history --show NUMBER"] {
            #expect(result.errors.contains("\"portreeve \(command)\(options)\""), "\(result)")
        }
        #expect(!FileManager.default.fileExists(atPath: portreeve.file("imported.yaml")))
    }

    @Test("The next steps have the options with which the rulesets were read")
    func steps() throws {
        try portreeve.load(Self.firewall)
        let steps = try #require(
            try portreeve.json("import", "--state-dir", portreeve.stateDirectory)["steps"] as? [String])
        let options = " --state-dir \(portreeve.stateDirectory)"
        #expect(steps.contains("portreeve apply POLICY\(options) --confirm 5m"), "\(steps)")
        #expect(steps.contains("portreeve confirm\(options)"), "\(steps)")
    }

    @Test("A host where nothing is refused has nothing to import, and a file is never overwritten")
    func refusals() throws {
        let empty = try portreeve("import")
        #expect(empty.status == 1)
        #expect(empty.errors.contains("nothing to import: the live rulesets refuse nothing"))
        try portreeve.load(Self.firewall)
        let path = try portreeve.write("kept", to: "kept.yaml")
        let refused = try portreeve("import", path)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("exists; nothing was written"))
        let use = "import reads the rules that are loaded, and \(path) is where it would write\n"
        #expect(refused.errors.hasSuffix(use))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "kept")
    }

    @Test("A rule that is not understood beside a limit is not taken for it")
    func limitBesideDoubt() throws {
        try portreeve.shell(
            """
            nft -f - <<'EOF'
            table inet filter {
              chain input {
                type filter hook input priority 0; policy drop;
                ct state established,related accept
                iif lo accept
                ip saddr 10.0.0.0/8 tcp dport 25 limit rate 3/minute accept
                tcp sport 20 accept
              }
            }
            EOF
            """)
        let result = try portreeve("import")
        #expect(result.output.contains("    limit: {rate: 3/minute, burst: 5, per: all}\n"), "\(result.output)")
    }
}
