import Kernel
import Rulesets
import TestSupport
import Testing

@Suite("Tables of iptables-legacy", .privileged, .networkNamespace)
struct LegacyTests {
    /// Runs the commands; `false` if this kernel has no such tables, as some newer ones.
    private func legacy(_ rules: String...) throws -> Bool {
        for rule in rules {
            let result = try Program.run(["sh", "-ec", "\(rule)"])
            if result.errors.contains("does not exist") || result.errors.contains("not found") { return false }
            try #require(result.status == 0, "\(result.errors)")
        }
        return true
    }

    private func tables() -> [String] {
        LegacyTables.all.map { table in
            let counts = table.effects.map { "\($0.refusing) \($0.redirecting)" } ?? "unread"
            return "\(table.isIPv6 ? "ip6" : "ip") \(table.name) \(counts)"
        }.sorted()
    }

    @Test("Reading creates no table, and an empty table is harmless")
    func nothing() throws {
        #expect(tables() == [])
        #expect(!LegacyTables.canRedirect)
        guard try legacy("iptables-legacy -L -n", "ip6tables-legacy -t nat -L -n") else { return }
        #expect(tables() == ["ip filter 0 0", "ip6 nat 0 0"])
        #expect(!LegacyTables.canRedirect)
    }

    @Test("Policies, drops, rejects and redirections count; logging, marking and source translation do not")
    func effects() throws {
        guard
            try legacy(
                "iptables-legacy -P FORWARD DROP", "iptables-legacy -N mine",
                "iptables-legacy -A mine -p tcp --dport 22 -j ACCEPT", "iptables-legacy -A mine -j RETURN",
                "iptables-legacy -A INPUT -m conntrack --ctstate NEW -j mine",
                "iptables-legacy -A INPUT -p tcp -m multiport --dports 80,443 -j DROP",
                "iptables-legacy -A INPUT -p udp -j REJECT", "iptables-legacy -A INPUT -j LOG",
                "iptables-legacy -t mangle -A PREROUTING -j MARK --set-mark 1",
                "iptables-legacy -t nat -A POSTROUTING -j MASQUERADE",
                "ip6tables-legacy -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080")
        else { return }
        #expect(tables() == ["ip filter 3 0", "ip mangle 0 0", "ip nat 0 0", "ip6 nat 0 1"])
        #expect(LegacyTables.canRedirect)
        #expect(hooks("filter") == [.input, .forward])
        #expect(hooks("mangle") == [] && hooks("nat") == [])
    }

    /// The hooks at which an IPv4 table drops packets.
    private func hooks(_ table: String) -> Set<Hook>? {
        LegacyTables.all.first { !$0.isIPv6 && $0.name == table }?.effects?.refusingHooks
    }

    @Test("Rules count at the hooks from which a jump leads to them, and nowhere if none does")
    func jumps() throws {
        guard
            try legacy(
                "iptables-legacy -N unused", "iptables-legacy -A unused -j DROP", "iptables-legacy -N inner",
                "iptables-legacy -N outer", "iptables-legacy -A inner -p udp -j DROP",
                "iptables-legacy -A outer -p udp -g inner", "iptables-legacy -A FORWARD -s 192.0.2.1",
                "iptables-legacy -A FORWARD -j outer", "iptables-legacy -A OUTPUT -j ACCEPT",
                "iptables-legacy -t raw -A PREROUTING -j DROP", "iptables-legacy -t nat -A OUTPUT -p tcp -j REDIRECT")
        else { return }
        #expect(tables() == ["ip filter 1 0", "ip nat 0 1", "ip raw 1 0"])
        #expect(hooks("filter") == [.forward] && hooks("raw") == [.prerouting])
        #expect(LegacyTables.all.first { $0.name == "nat" }?.effects?.redirectingHooks == [.output])
    }
}
