import Policies
import TestSupport
import Testing

@Suite("Rules of other tables that drop this host's replies", .privileged, .networkNamespace)
struct ReplyTests {
    /// A chain of another table, the clients that get no reply, and the finding.
    struct Case: CustomTestStringConvertible, Sendable {
        let chain: String
        var family = "inet"
        var silent: Set<String> = []
        var finding: String?

        var testDescription: String { chain }
    }

    private static let sources: Set = ["192.0.2.1", "198.51.100.1", "2001:db8::1"]
    private static let whole = "error: inet other drops the replies of tcp/22 to clients that service \"ssh\" allows"
    private static let separate =
        "error: inet other has the replies of tcp/22 tracked in another zone than the connections that service \"ssh\" allows"
    private static let partial =
        "warning: inet other drops the replies of tcp/22 to clients that service \"ssh\" allows"

    static let cases = [
        Case(
            chain: "type filter hook output priority 0; tcp sport 22 drop;",
            silent: sources, finding: whole),
        Case(chain: "type filter hook output priority 0; tcp dport 22 drop;"),
        Case(
            chain:
                "type filter hook output priority 0; policy drop; ct state established accept; ct state new oifname eth0 drop;"
        ),
        Case(
            chain:
                "type filter hook postrouting priority 0; ip daddr 198.51.100.0/24 tcp sport 22 ct direction reply drop;",
            silent: ["198.51.100.1"], finding: partial),
        Case(chain: "type filter hook output priority 0; oifname != eth0 tcp sport 22 drop;"),
        Case(
            chain:
                "type filter hook output priority 0; oifname eth0 tcp sport 22 tcp flags & (syn | ack) == syn | ack reject;",
            silent: sources, finding: whole),
        Case(
            chain: "type filter hook output priority -300; meta l4proto tcp @th,0,16 22 ip6 daddr 2001:db8::/32 drop;",
            silent: ["2001:db8::1"], finding: partial),
        Case(chain: "type filter hook output priority 0; tcp sport 22 meta skuid 12345 drop;"),
        Case(
            chain:
                "type filter hook output priority 0; tcp sport 22 ct mark != 7 drop;\n}\nchain d {\ntype filter hook input priority 0; ct mark set 7;"
        ),
        Case(chain: "type filter hook output priority 0; tcp sport 22 ct bytes > 100000 drop;"),
        // Marks that were set on the way in.
        Case(
            chain:
                "type filter hook output priority 0; ct mark 7 drop;\n}\nchain d {\ntype filter hook input priority 0; tcp dport 22 ct mark set 7;",
            silent: sources, finding: whole),
        Case(
            chain:
                "type filter hook output priority 0; meta mark 7 drop;\n}\nchain r {\ntype filter hook output priority -150; meta mark set ct mark;\n}\nchain d {\ntype filter hook prerouting priority 0; ip saddr 198.51.100.1 tcp dport 22 ct mark set 7;",
            silent: ["198.51.100.1"], finding: partial),
        // Where packets leave by a device.
        Case(
            chain: "type filter hook egress device eth0 priority 0; tcp sport 22 drop;", family: "netdev",
            silent: sources,
            finding: whole.replacing("inet", with: "netdev")),
        Case(
            chain: "type filter hook egress device eth0 priority 0; ip daddr 198.51.100.1 meta l4proto tcp drop;",
            family: "netdev", silent: ["198.51.100.1"], finding: partial.replacing("inet", with: "netdev")),
        Case(chain: "type filter hook egress device lo priority 0; policy drop;", family: "netdev"),
        // Later packets of either side: the client believes that it is connected, the server does not.
        Case(
            chain: "type filter hook input priority -5; ct state established tcp dport 22 drop;", silent: sources,
            finding:
                "error: inet other drops all but the first packet of connections to tcp/22 that service \"ssh\" allows"),
        Case(
            chain:
                "type filter hook prerouting priority 0; ip saddr 198.51.100.1 tcp dport 22 tcp flags & syn == 0 drop;",
            silent: ["198.51.100.1"],
            finding:
                "warning: inet other drops all but the first packet of connections to tcp/22 that service \"ssh\" allows"
        ),
        Case(
            chain:
                "type filter hook input priority -5; policy drop; ct state established,untracked accept; tcp flags syn accept;"
        ),
        // Zones of conntrack in one direction, and in both.
        Case(
            chain: "type filter hook prerouting priority raw; tcp dport 22 ct zone set 5;", silent: sources,
            finding: separate),
        Case(
            chain: "type filter hook output priority raw; ip daddr 198.51.100.1 tcp sport 22 ct zone set 5;",
            silent: ["198.51.100.1"], finding: separate.replacing("error", with: "warning")),
        Case(chain: "type filter hook prerouting priority raw; tcp dport 22 ct original zone set 5;"),
        Case(chain: "type filter hook prerouting priority 0; tcp dport 22 ct zone set 5;"),
        Case(
            chain:
                "type filter hook prerouting priority raw; iifname eth0 ct zone set 5;\n}\nchain d {\ntype filter hook output priority raw; oifname eth0 ct zone set 5;"
        ),
        Case(
            chain:
                "type filter hook prerouting priority raw; tcp dport 22 ct zone set 5;\n}\nchain d {\ntype filter hook output priority raw; tcp sport 22 ct zone set 6;",
            silent: sources, finding: separate),
    ]

    @Test("Are found, each with the clients that get no answer", arguments: cases)
    func found(_ known: Case) throws {
        let arena = try Arena()
        let portreeve = try Portreeve()
        let sentinel = RandomPolicy.sentinel
        let policy = try portreeve.write(
            """
            version: 1
            services:
              ssh: {ports: 22, from: any, why: x}
              sentinel: {ports: \(sentinel.port), from: "\(sentinel.source)", why: x}

            """)
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        try NftProgram.load("table \(known.family) other {\nchain c { \(known.chain)\n}\n}")
        for source in Self.sources.sorted() {
            try arena.check([.packet(from: source, to: "22/tcp", known.silent.contains(source) ? .silent : .accepted)])
        }
        let output = try portreeve("verify", policy, "--only", "ruleset").output
        // The clients of this test know the host's hardware address.
        let found = output.split(separator: "\n").filter {
            $0.contains("[foreign-") && !$0.contains("drops neighbour discovery")
        }
        #expect(found.count == (known.finding == nil ? 0 : 1), "\(output)")
        if let wanted = known.finding { #expect(found.first?.contains(wanted) == true, "\(output)") }
    }
}
