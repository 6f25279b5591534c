import Policies
import TestSupport
import Testing

@Suite("Rules of other tables that drop this host's replies", .privileged, .networkNamespace)
struct ReplyTests {
    /// A chain of another table, the clients that get no reply, and the finding.
    struct Case: CustomTestStringConvertible, Sendable {
        let chain: String
        var silent: Set<String> = []
        var finding: String?

        var testDescription: String { chain }
    }

    private static let sources: Set = ["192.0.2.1", "198.51.100.1", "2001:db8::1"]
    private static let whole = "error: inet other drops the replies of tcp/22 to clients that service \"ssh\" allows"
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
        try NftProgram.load("table inet other {\nchain c { \(known.chain) }\n}")
        for source in Self.sources.sorted() {
            try arena.check([.packet(from: source, to: "22/tcp", known.silent.contains(source) ? .silent : .accepted)])
        }
        let output = try portreeve("verify", policy, "--only", "ruleset").output
        let found = output.split(separator: "\n").filter { $0.hasSuffix("[foreign-override]") }
        #expect(found.count == (known.finding == nil ? 0 : 1), "\(output)")
        if let wanted = known.finding { #expect(found.first?.contains(wanted) == true, "\(output)") }
    }
}
