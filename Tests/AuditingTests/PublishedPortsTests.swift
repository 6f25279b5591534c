import Addressing
import Auditing
import Listeners
import Policies
import Reachability
import Rulesets
import Testing

@Suite("Ports that other tables publish")
struct PublishedPortsTests {
    private static let nat = TableName(family: .inet, name: "nat")

    private func published(_ rules: [Rule]) -> PublishedPorts {
        let regions = AccessRegions([.translation(rules)], in: Circumstances(now: 0))
        return PublishedPorts(redirections: regions.redirections, unread: regions.unread)
    }

    private let policy: Policy

    init() throws {
        policy = try Policy(
            try Service("api", "80/tcp", line: 10, listener: ListenerExpectation(isOptional: true)))
    }

    private func finding(_ severity: Finding.Severity, _ ports: ClosedRange<UInt16>?) -> Finding {
        Finding(
            .undeclaredPublishedPort, severity, "", port: ports.map { AuditedPort(.tcp, $0) }, table: "inet nat",
            chain: "prerouting")
    }

    static let exposures: [(ListenerAudit.Exposure, Finding.Severity)] = [
        (.reachable, .error), (.shielded, .warning), (.unknown, .error),
    ]

    @Test("A port that no service lists is a finding with the table and the chain", arguments: exposures)
    func undeclared(exposure: ListenerAudit.Exposure, severity: Finding.Severity) {
        let ports = published([.tcp(8080, sentTo: 80), .tcp(80, sentTo: 80)])
        let found = ListenerAudit(policy, [], published: ports, exposure: exposure).findings
        #expect(found.filter { $0.service == nil }.facts == [finding(severity, 8080...8080)])
        #expect(found.last?.message.contains("dnat ip to 172.17.0.2:80") == true)
    }

    @Test("All rules for one port are one finding, which names each")
    func groups() {
        let ports = published([.tcp(8080, sentTo: 80), .tcp(7000, redirectedTo: 22)])
        let found = ListenerAudit(policy, [], published: ports).findings
        #expect(found.facts == [finding(.warning, 7000...7000), finding(.warning, 8080...8080)])
        #expect(found[0].message.contains("redirect to :22"))
    }

    @Test("A published port and the proxies that hold it for IPv4 and IPv6 are one finding, as severe as the worst")
    func proxies() throws {
        func socket(_ address: String, _ program: String, pid: Int32) throws -> Listener {
            try Listener(address, 8080, owners: .processes([SocketProcess("/usr/bin/\(program)", pid: pid)]))
        }
        let proxies = [try socket("0.0.0.0", "docker-proxy", pid: 8), try socket("::", "docker-proxy", pid: 9)]
        func found(_ listeners: [Listener], _ rules: [Rule]) -> [Finding] {
            ListenerAudit(
                policy: policy, listeners: listeners, ephemeral: EphemeralPorts(range: 32768...60999),
                published: published(rules), now: 0,
                exposure: { _, _, family, _ in family == .ipv6 ? .reachable : .shielded }
            ).findings.filter { $0.service == nil }
        }
        let rules: [Rule] = [.tcp(8080, sentTo: 80)]
        #expect(found(proxies, rules).facts == [finding(.error, 8080...8080)])
        #expect(found([], rules).facts == [finding(.warning, 8080...8080)])
        #expect(found(proxies, []).map(\.identifier) == [.undeclaredListener])
        let stranger = try socket("192.0.2.1", "nc", pid: 10)
        #expect(
            found(proxies + [stranger], rules).map(\.identifier) == [.undeclaredListener, .undeclaredPublishedPort])
    }

    @Test("The container of a published port is named by its address, or else by the monitor that holds the port")
    func container() throws {
        let (web, other) = (Container(id: "a1", name: "web", engine: "docker"), Container(id: "b2", engine: "podman"))
        func found(_ list: ContainerList, _ listeners: [Listener]) -> Finding? {
            ListenerAudit(
                policy: policy, listeners: listeners, ephemeral: EphemeralPorts(range: 32768...60999),
                published: published([.tcp(8080, sentTo: 80)]), containers: { list }, now: 0,
                exposure: { _, _, _, _ in .reachable }
            ).findings.first { $0.identifier == .undeclaredPublishedPort }
        }
        var monitor = SocketProcess("/usr/bin/conmon")
        monitor.container = other
        let held = [try Listener("0.0.0.0", 8080, owners: .processes([monitor]))]
        var list = ContainerList()
        #expect(found(list, [])?.container == nil)
        #expect(found(list, held)?.container == other)
        #expect(found(list, held)?.message.contains("(dnat ip to 172.17.0.2:80, container b2) publishes") == true)
        list.add(web, at: [.ipv4(0xac11_0002)])
        #expect(found(list, held)?.container == web)
        #expect(found(list, held)?.message.contains("(dnat ip to 172.17.0.2:80, container web) publishes") == true)
    }

    @Test("A container in a listener's finding is named, and is no part of what makes the finding the same")
    func listener() throws {
        func record(_ id: String) throws -> (Finding?, FindingRecord) {
            var list = ContainerList()
            list.add(Container(id: id, name: "web"))
            var process = SocketProcess("/usr/sbin/nginx", unit: "docker-\(id).scope")
            process.container = Container(id: id, engine: "docker")
            let socket = try Listener("0.0.0.0", 8080, owners: .processes([process]))
            let found = ListenerAudit(
                policy: policy, listeners: [socket], ephemeral: EphemeralPorts(range: 32768...60999),
                containers: { list }, now: 0, exposure: { _, _, _, _ in .reachable }
            ).findings.filter { $0.identifier == .undeclaredListener }
            return (found.first, FindingRecord(found))
        }
        let ids = ["a", "b"].map { String(repeating: $0, count: 64) }
        let (first, before) = try record(ids[0])
        #expect(first?.container == Container(id: ids[0], name: "web", engine: "docker"))
        #expect(first?.message.hasPrefix("nginx (pid 7, /usr/sbin/nginx, container web, user root) listens") == true)
        let (second, _) = try record(ids[1])
        #expect(before.news(in: [try #require(second)]).isEmpty)
    }

    @Test("A redirection serves a service that has no listener")
    func served() throws {
        let policy = try Policy(try Service("api", "80/tcp", from: ["10.0.0.0/8"], line: 10))
        #expect(ListenerAudit(policy, [], published: published([.tcp(80, sentTo: 80)])).findings == [])
        let both = try Policy(try Service("api", "80/tcp", line: 10))
        #expect(
            ListenerAudit(both, [], published: published([.tcp(80, sentTo: 80)])).findings.facts == [
                Finding(
                    .wrongFamily, .warning, "", service: "api", port: AuditedPort(.tcp, 80...80), policy: .line(10))
            ])
    }

    /// A rule that redirects every port, to port 22.
    private static let wholesale = Rule([
        .meta(.transportProtocol, into: .first), .compare(Comparison([6])),
        .redirect(PortRedirection(ports: nil)),
    ])

    @Test("A rule that redirects every port is one finding without a port")
    func wholesale() {
        let ports = published([Self.wholesale, .tcp(8080, sentTo: 80)])
        #expect(ports.ofPorts.allSatisfy { $0.rule.rule != Self.wholesale })
        let found = ListenerAudit(policy, [], published: ports, exposure: .reachable).findings
        #expect(found.facts == [finding(.error, nil)])
    }

    @Test("Rules that are not modelled, and tables of iptables-legacy, are unknown")
    func unread() {
        let opaque = Rule([.opaque(name: "masq", attributes: [1])])
        let place = RuleReference(table: Self.nat, chain: "prerouting", index: 0, rule: opaque)
        let found = ListenerAudit(policy, [], published: PublishedPorts(unread: [place])).findings
        #expect(found.facts == [Finding(.unknown, .warning, "", table: "inet nat", chain: "prerouting")])
        let legacy = ListenerAudit(policy, [], published: PublishedPorts(hasLegacyTable: true)).findings
        #expect(legacy.facts == [Finding(.unknown, .warning, "")])
        #expect(legacy[0].message.contains("iptables-legacy"))
    }
}
