import Addressing
import Auditing
import Compiler
import Policies
import Reachability
import Rulesets
import Testing

@Suite("Other tables that override the policy")
struct ForeignOverridesTests {
    private func overrides(
        _ others: [Table], from sources: [String] = ["10.0.0.0/24"], published: Defaults.Published = .ignore
    ) throws -> [Finding] {
        let policy = try Policy(
            try Service("ssh", "22/tcp", from: sources, line: 10),
            try Service("web", "80/tcp", "443/tcp", from: sources, line: 20), published: published)
        return .foreignOverrides(
            of: policy, compiled: compile(policy), others: others, in: Circumstances(now: 0))
    }

    private func finding(
        _ severity: Finding.Severity, _ service: String, _ port: UInt16, line: Int, table: String = "inet filter",
        chain: String = "input", _ identifier: Finding.Identifier = .foreignOverride
    ) -> Finding {
        Finding(
            identifier, severity, "", service: service, port: AuditedPort(.tcp, port...port), table: table,
            chain: chain,
            policy: .line(line))
    }

    @Test("None without other tables, and none by rules that accept, or drop other ports")
    func none() throws {
        #expect(try overrides([]) == [])
        #expect(try overrides([.filter([.tcp(22, .accept), .tcp(25, .drop)])]) == [])
    }

    @Test("A rule that drops all connections of a service is an error, with a witness and the rule")
    func refused() throws {
        let found = try overrides([.filter([.tcp(80, .drop)])])
        #expect(found.facts == [finding(.error, "web", 80, line: 20)])
        #expect(found[0].message.contains("10.0.0.0"))
        #expect(found[0].message.contains("inet filter input: tcp dport 80 drop"))
    }

    @Test("Of two tables that drop a port the one that packets meet is named, and the other one for what it meets")
    func twice() throws {
        let head: [Expression] = [
            .meta(.networkProtocol, into: .first), .compare(Comparison([2])),
            .payload(Payload(base: .network, offset: 12, length: 4)), .compare(Comparison([10, 0, 0, 7])),
        ]
        func table(_ name: String, _ priority: Int32, _ rule: Rule) -> Table {
            let base = BaseChain(type: "filter", hook: .input, priority: priority, policy: .accept)
            return Table(
                name: TableName(family: .inet, name: name), chains: [Chain(name: "input", base: base, rules: [rule])],
                sets: [])
        }
        let one = table("filter", 0, Rule(head + Rule.tcp(80, .drop).expressions))
        let (whole, other) = (table("filter", 0, .tcp(80, .drop)), table("other", 5, .tcp(80, .drop)))
        // No packet reaches the second table.
        #expect(try overrides([whole, other]).facts == [finding(.error, "web", 80, line: 20)])
        let found = try overrides([one, other])
        #expect(found.map { [$0.table, $0.service] } == [["inet filter", "web"], ["inet other", "web"]], "\(found)")
        #expect(Set(found.map(\.identity)).count == 2)
    }

    @Test("A rule that drops a part of the sources is a warning")
    func partly() throws {
        let head: [Expression] = [
            .meta(.networkProtocol, into: .first), .compare(Comparison([2])),
            .payload(Payload(base: .network, offset: 12, length: 4)), .compare(Comparison([10, 0, 0, 7])),
        ]
        let found = try overrides([.filter([Rule(head + Rule.tcp(22, .drop).expressions)])])
        #expect(found.facts == [finding(.warning, "ssh", 22, line: 10)])
        #expect(found[0].message.contains("10.0.0.7"))
    }

    @Test("The policy of a chain drops the connections of all services, each named once")
    func policy() throws {
        let found = try overrides([.filter([.tcp(443, .accept)], policy: .drop)], from: ["any"])
        #expect(found.facts == [finding(.error, "ssh", 22, line: 10), finding(.error, "web", 80, line: 20)])
        #expect(found.allSatisfy { $0.message.contains("policy drop") })
    }

    @Test("A redirection to another port of this host is a warning")
    func redirected() throws {
        let found = try overrides([.translation([.tcp(22, redirectedTo: 2222)])])
        #expect(found.facts == [finding(.warning, "ssh", 22, line: 10, table: "inet nat", chain: "prerouting")])
    }

    @Test("A redirection to a container is a warning unless the policy applies to published ports")
    func forwarded() throws {
        let tables = [Table.translation([.tcp(80, sentTo: 8080)])]
        #expect(
            try overrides(tables).facts == [
                finding(.warning, "web", 80, line: 20, table: "inet nat", chain: "prerouting")
            ])
        #expect(try overrides(tables, published: .enforce) == [])
    }

    @Test("A rule that is not modelled makes the effect unknown")
    func unknown() throws {
        let rule = Rule([.opaque(name: "osf", attributes: [])] + Rule.tcp(22, .drop).expressions)
        #expect(try overrides([.filter([rule])]).facts == [finding(.warning, "ssh", 22, line: 10, .unknown)])
    }
}
