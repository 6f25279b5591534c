import Foundation
import TestSupport
import Testing

@Suite("Import of chains of iptables", .privileged, .networkNamespace)
struct ImportIptablesTests {
    private let portreeve: Portreeve

    /// The first rules of most filters.
    private static let start = """
        *filter
        :INPUT DROP [0:0]
        -A INPUT -i lo -j ACCEPT
        -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A INPUT -p icmp -j ACCEPT
        """

    init() throws {
        portreeve = try Portreeve()
        try portreeve.shell(
            """
            ip link set lo up
            for name in br0 eth1; do ip link add $name type veth peer name far-$name; ip link set $name up; done
            ip addr add 192.0.2.1/24 dev eth1
            """)
    }

    private func restore(_ tables: String) throws {
        try portreeve.shell("iptables-nft-restore <<'EOF'\n\(tables)\nEOF")
    }

    @Test("The match \"recent\" of iptables, as `ufw limit` writes it, becomes a limit")
    func recent() throws {
        try restore(
            """
            \(Self.start)
            -A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --set
            -A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --update --seconds 30 --hitcount 6 --rttl -j REJECT
            -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
            COMMIT
            """)
        let result = try portreeve("import")
        #expect(result.output.contains("    limit: {rate: 12/minute, burst: 5}\n"), "\(result.output)")
        let limit =
            "tcp dport 22 xt match \"recent\" UPDATE seconds: 30 hit_count: 6 TTL-Match name: DEFAULT side: source"
        #expect(result.output.contains("  # limited by ip filter INPUT: \(limit)"), "\(result.output)")
        #expect(
            result.output.contains("  # weaker here: a client that goes on trying is let in again at the rate below\n"))
    }

    @Test("Chains of iptables beside the filter that only mark packets stay, and have no commands")
    func marking() throws {
        try restore(
            """
            *mangle
            -A INPUT -p tcp -m tcp --dport 22 -j MARK --set-mark 7
            COMMIT
            *filter
            :INPUT DROP [0:0]
            -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
            COMMIT
            """)
        let steps = try #require(try portreeve.json("import")["steps"] as? [String])
        #expect(steps.contains("iptables -F INPUT") && !steps.contains { $0.contains("mangle") }, "\(steps)")
        try portreeve.shell("iptables-nft -t mangle -A INPUT -p tcp -m tcp --dport 23 -j DROP")
        let more = try #require(try portreeve.json("import")["steps"] as? [String])
        #expect(more.contains("iptables -t mangle -F INPUT"), "\(more)")
    }

    @Test("A limit by a list of \"recent\" that no rule fills limits nothing")
    func unfilled() throws {
        try restore(
            """
            \(Self.start)
            -A INPUT -p tcp -m tcp --dport 22 -m recent --update --seconds 60 --hitcount 4 --name SSH -j DROP
            -A INPUT -p tcp -m tcp --dport 22 -m recent --set --name OTHER
            -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
            COMMIT
            """)
        let object = try portreeve.json("import")
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        let text = try #require(object["policy"] as? String)
        #expect(!text.contains("limit:") && !text.contains("limited by"), "\(text)")
        let remarks = try #require(object["remarks"] as? [String])
        #expect(
            remarks.contains { $0.contains("limits nothing: no rule adds addresses to its list with --set.") },
            "\(remarks)")
        #expect(remarks.contains { $0.hasSuffix("if a program writes to /proc/net/xt_recent/SSH.") }, "\(remarks)")
    }

    @Test("The jump to a chain of fail2ban stays, and its bans are not said to be without effect")
    func jump() throws {
        try restore(
            """
            *filter
            :INPUT DROP [0:0]
            :f2b-sshd - [0:0]
            -A INPUT -i lo -j ACCEPT
            -A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd
            -A INPUT -i br0 -j ACCEPT
            -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
            -A f2b-sshd -s 198.51.100.7/32 -j DROP
            -A f2b-sshd -j RETURN
            COMMIT
            """)
        let object = try portreeve.json("import")
        let remarks = try #require(object["remarks"] as? [String])
        #expect(!remarks.contains { $0.contains("ithout effect") }, "\(remarks)")
        let steps = try #require(object["steps"] as? [String])
        let command = try #require(steps.first { $0.contains("-D INPUT") })
        #expect(command == "for n in 4 3 1; do iptables -D INPUT $n; done", "\(steps)")
        try portreeve.shell(command.replacing("iptables ", with: "iptables-nft "))
        #expect(
            try portreeve.shell("iptables-nft -S INPUT").hasSuffix("-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd\n"))
        // What stays refuses the banned client beside the policy.
        try portreeve.shell("iptables-nft -P INPUT ACCEPT")
        let policy = try portreeve.write(try #require(object["policy"] as? String), to: "imported.yaml")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        let answers = try ["198.51.100.7", "198.51.100.8"].map {
            try portreeve("explain", $0, "22", policy, "--interface", "eth1").output.prefix { $0 != ":" }
        }
        #expect(answers == ["refuse", "accept"])
    }

    @Test("What is forwarded is told by drops before accepts, too, and what is denied by how deny answers")
    func told() throws {
        try restore(
            """
            *filter
            :INPUT DROP [0:0]
            :FORWARD DROP [0:0]
            -A INPUT -i lo -j ACCEPT
            -A INPUT -s 203.0.113.0/24 -j REJECT
            -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
            -A FORWARD -i br0 -o eth1 -m conntrack --ctstate NEW -j DROP
            -A FORWARD -i br0 -j ACCEPT
            COMMIT
            """)
        let text = try #require(try portreeve.json("import")["policy"] as? String)
        let rules = """
            #   iifname "br0" oifname "eth1" ct state new drop
            #   iifname "br0" accept
            """
        #expect(text.contains(rules), "\(text)")
        let answer =
            "# Dropped silently, also on open connections and on those that this host begins.\ndeny: [203.0.113.0/24]\n"
        #expect(text.contains(answer), "\(text)")
    }
}
