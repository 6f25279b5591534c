import Addressing
import Glibc
import Policies
import TestSupport
import Testing

@Suite("Rules of other tables that drop ARP or neighbour discovery", .privileged, .networkNamespace)
struct LinkDiscoveryTests {
    /// A chain of another table, and the families in which clients do not find the host.
    struct Case: CustomTestStringConvertible, Sendable {
        let chain: String
        var family = "inet"
        var lost: Set<AddressFamily> = []

        var testDescription: String { "\(family): \(chain)" }
    }

    private static let start = "type filter hook"

    static let cases = [
        Case(
            chain: "\(start) input priority 0; policy drop; ct state established accept; tcp dport 22 accept;",
            lost: [.ipv6]),
        Case(
            chain:
                "\(start) input priority 0; policy drop; ct state established accept; tcp dport 22 accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept;"
        ),
        // Conntrack leaves the messages alone.
        Case(
            chain: "\(start) input priority 0; policy drop; ct state established,untracked accept; tcp dport 22 accept;"
        ),
        Case(chain: "\(start) input priority 0; ct state untracked meta pkttype multicast drop;", lost: [.ipv6]),
        Case(
            chain: "\(start) prerouting priority -300; ip6 daddr ff02::1:ff00:0/104 fib daddr type multicast drop;",
            lost: [.ipv6]),
        Case(chain: "\(start) prerouting priority -300; ct state new meta pkttype != host drop;"),
        Case(chain: "\(start) output priority 0; icmpv6 type nd-neighbor-advert meta skuid 0 drop;"),
        Case(chain: "\(start) output priority 0; icmpv6 type nd-neighbor-advert oifname eth0 drop;", lost: [.ipv6]),
        Case(
            chain:
                "\(start) postrouting priority 0; ip6 nexthdr icmpv6 ip6 saddr fd00:ffff::1 ct state untracked drop;",
            lost: [.ipv6]),
        Case(chain: "\(start) input priority 0; icmpv6 type nd-router-solicit drop;"),
        Case(chain: "\(start) ingress device eth0 priority 0; meta protocol arp drop;"),
        Case(chain: "\(start) input priority 0; policy drop;", family: "arp", lost: [.ipv4]),
        Case(
            chain: "\(start) output priority 0; arp operation reply arp saddr ip 10.255.0.1 drop;", family: "arp",
            lost: [.ipv4]),
        Case(
            chain:
                "\(start) input priority 0; arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation request arp daddr ip 10.255.0.1 drop;",
            family: "arp", lost: [.ipv4]),
        Case(chain: "\(start) input priority 0; arp operation request arp daddr ip != 10.255.0.1 drop;", family: "arp"),
        Case(
            chain: "\(start) input priority 0; meta pkttype broadcast ether type arp drop;", family: "arp",
            lost: [.ipv4]),
        Case(chain: "\(start) ingress device eth0 priority 0; ether type arp drop;", family: "netdev", lost: [.ipv4]),
        Case(
            chain:
                "\(start) ingress device eth0 priority 0; policy drop; ip protocol tcp accept; ip6 nexthdr tcp accept;",
            family: "netdev", lost: [.ipv4, .ipv6]),
        Case(
            chain: "\(start) ingress device eth0 priority 0; meta l4proto icmp drop; icmp type echo-request drop;",
            family: "netdev"),
        Case(
            chain:
                "\(start) egress device eth0 priority 0; meta protocol arp drop; ether type ip6 icmpv6 type nd-neighbor-advert drop;",
            family: "netdev", lost: [.ipv4, .ipv6]),
        Case(chain: "\(start) egress device lo priority 0; policy drop;", family: "netdev"),
    ]

    @Test("Are found, and `explain` has a line for them", arguments: cases)
    func found(_ known: Case) throws {
        let network = try Network(knowsNeighbours: false)
        for family in ["ipv4", "ipv6"] {
            try network.client.set("\(family)/neigh/\(network.wire.clientInterface)/retrans_time_ms", "100")
            try network.client.set("\(family)/neigh/\(network.wire.clientInterface)/mcast_solicit", "10")
        }
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices:\n  ssh: {ports: 22, from: any, why: x}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        try NftProgram.load("table \(known.family) other {\nchain c { \(known.chain)\n}\n}")
        let listener = try Socket.listening(.tcp, on: 22)
        defer { withExtendedLifetime(listener) {} }
        let output = try portreeve("verify", policy, "--only", "ruleset").output
        for (family, source) in [(AddressFamily.ipv4, "192.0.2.1"), (.ipv6, "2001:db8::1")] {
            let isLost = known.lost.contains(family)
            #expect(try connects(from: IPAddress(source), network) != isLost, "\(family)")
            let name = family == .ipv4 ? "ARP" : "neighbour discovery"
            #expect(
                output.contains(
                    "error: \(known.family) other drops \(name): hosts on the link cannot find this host, and new clients that service \"ssh\" allows cannot connect to tcp/22, for example from"
                ) == isLost, "\(output)")
            let answer = try portreeve("explain", source, "22/tcp", policy).output
            #expect(
                answer.contains(
                    "but: \(name) is dropped: hosts on the link cannot find this host: \"\(known.family) other c: ")
                    == isLost, "\(answer)")
        }
        if known.lost.isEmpty { #expect(output.hasPrefix("in sync"), "\(output)") }
    }

    @Test("Are no finding where the host has no address of the family, nor where its service is closed to the family")
    func otherFamily() throws {
        let network = try Network()
        try network.host.ip("addr del fd00:ffff::1/128 dev eth0")
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices:\n  ssh: {ports: 22, from: any, why: x}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        try NftProgram.load(
            "table inet other {\nchain c { type filter hook input priority 0; icmpv6 type nd-neighbor-solicit drop;\n}\n}"
        )
        #expect(try portreeve("verify", policy, "--only", "ruleset").output.hasPrefix("in sync"))
        try NftProgram.load(
            "table arp other {\nchain c { type filter hook input priority 0; policy drop;\n}\n}")
        let closed = try portreeve.write(
            "version: 1\nservices:\n  ssh: {ports: 22, from: \"2001:db8::/32\", why: x}\n", to: "v6.yaml")
        #expect(try portreeve("apply", closed, "--yes", "--quiet").status == 0)
        #expect(try portreeve("verify", closed, "--only", "ruleset").output.hasPrefix("in sync"))
    }

    /// Rules for the requests of this host and the answers to them, without which it forgets its clients in time.
    @Test(
        "That drop only what this host asks itself have an effect that is not known",
        arguments: [
            ("inet", "input priority 0; icmpv6 type nd-neighbor-advert drop;", 1),
            ("inet", "output priority 0; icmpv6 type nd-neighbor-solicit ip6 daddr ff02::1:ff00:0/104 drop;", 1),
            ("arp", "input priority 0; arp operation reply drop;", 1),
            ("arp", "output priority 0; arp operation request arp saddr ip 10.255.0.1 drop;", 1),
            ("arp", "output priority 0; arp operation request arp daddr ip 10.255.0.9 drop;", 0),
            ("inet", "input priority 0; icmpv6 type nd-router-advert drop;", 0),
        ])
    func own(family: String, chain: String, count: Int) throws {
        let network = try Network()
        defer { withExtendedLifetime(network) {} }
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices:\n  ssh: {ports: 22, from: any, why: x}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        try NftProgram.load("table \(family) other {\nchain c { type filter hook \(chain)\n}\n}")
        let output = try portreeve("verify", policy, "--only", "ruleset").output
        #expect(
            output.matches(of: #/other drops the (ARP requests|neighbour solicitations) of this host or the answers/#)
                .count == count, "\(output)")
        #expect(!output.contains("[foreign-"), "\(output)")
    }

    @Test(
        "Rules of iptables for the hop limit of the messages are known",
        arguments: ["--hl-eq 255", "--hl-gt 254", "--hl-lt 255"])
    func hopLimit(match: String) throws {
        let network = try Network()
        defer { withExtendedLifetime(network) {} }
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices:\n  ssh: {ports: 22, from: any, why: x}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        try portreeve.shell(
            """
            ip6tables-nft -A INPUT -p tcp --dport 22 -j ACCEPT
            ip6tables-nft -A INPUT -p icmpv6 --icmpv6-type neighbor-solicitation -m hl \(match) -j ACCEPT
            ip6tables-nft -A INPUT -p icmpv6 --icmpv6-type neighbor-advertisement -j ACCEPT
            ip6tables-nft -P INPUT DROP
            """)
        let output = try portreeve("verify", policy, "--only", "ruleset").output
        #expect(output.contains("ip6 filter drops neighbour discovery") == match.contains("lt"), "\(output)")
        #expect(!output.contains("[unknown]"), "\(output)")
    }

    /// Whether a client can connect; until its neighbour is resolved or not, however slow the machine is.
    private func connects(from source: IPAddress, _ network: Network) throws -> Bool {
        try network.client.run {
            let socket = try Socket(.tcp, source.family)
            try socket.bind(to: Endpoint(address: source, port: 0))
            let host = try network.wire.host(source.family)
            guard socket.connect(to: Endpoint(address: host, port: 22)) == 0 else { return false }
            #expect(socket.wait(for: POLLOUT))
            return socket.takeError() == 0
        }
    }
}
