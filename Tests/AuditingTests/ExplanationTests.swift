import Addressing
import Auditing
import Compiler
import Listeners
import Policies
import Reachability
import Rulesets
import Testing

@Suite("Why a connection is allowed or refused")
struct ExplanationTests {
    private let policy: Policy

    init() throws {
        policy = try Policy(
            try Service("old", "25/tcp", line: 40, expires: Expiry(end: 100, written: "1970-01-01")),
            try Service("ssh", "22/tcp", from: ["10.0.0.0/8", "2001:db8::/32"], line: 10),
            try Service("vpn", "80/tcp", line: 20, interfaces: [InterfacePattern(name: "wg", isPrefix: true)]),
            deny: ["192.0.2.0/24", "198.51.100.0/25", "198.51.100.128/25"])
    }

    private func explanation(
        _ source: String, _ port: UInt16, on interface: String? = nil, through tables: [Table]? = nil,
        listeners: [Listener]? = nil
    ) throws -> Explanation {
        let source = try Endpoint(source, 0).address
        let question = Explanation.Question(source: source, transport: .tcp, port: port, interface: interface)
        return Explanation(
            question, policy: policy, tables: tables ?? [compile(policy).table], isLive: tables != nil,
            listeners: listeners, now: 1000)
    }

    @Test("A source of a service is accepted, by the line of the service", arguments: ["10.1.2.3", "2001:db8::1"])
    func accepted(source: String) throws {
        let explanation = try explanation(source, 22)
        #expect(explanation.verdict == .accept)
        #expect(explanation.service?.name == "ssh")
        #expect(explanation.place == .line(10))
        #expect(!explanation.isOutsideSources && !explanation.isDenied && !explanation.isForeign)
    }

    @Test("Another source is refused, by the line of the sources")
    func otherSource() throws {
        let explanation = try explanation("203.0.113.1", 22)
        #expect(explanation.verdict == .refuse)
        #expect(explanation.isOutsideSources && !explanation.isGranted)
        #expect(explanation.place == .line(11))
    }

    @Test("A denied source is refused, by the entry that covers it and the line of deny")
    func denied() throws {
        let explanation = try explanation("192.0.2.7", 80, on: "wg0")
        #expect(explanation.verdict == .refuse)
        #expect(explanation.isDenied)
        #expect(explanation.denial == "192.0.2.0/24")
        #expect(explanation.place == .line(3))
    }

    @Test("A port that no service declares is refused, by no line")
    func undeclared() throws {
        let explanation = try explanation("10.1.2.3", 23)
        #expect(explanation.verdict == .refuse)
        #expect(explanation.service == nil)
        #expect(explanation.place == nil)
    }

    @Test("A service that has expired is refused, by its own line")
    func expired() throws {
        let explanation = try explanation("10.1.2.3", 25)
        #expect(explanation.verdict == .refuse)
        #expect(explanation.isExpired)
        #expect(explanation.place == .line(40))
    }

    @Test("Without an interface the verdict on a service of some interfaces is unknown")
    func interfaces() throws {
        let explanation = try explanation("203.0.113.1", 80)
        #expect(explanation.verdict == .unknown)
        #expect(explanation.dependsOnInterface)
        #expect(explanation.interfaces == [InterfacePattern(name: "wg", isPrefix: true)])
        #expect(try self.explanation("203.0.113.1", 80, on: "wg0").verdict == .accept)
        #expect(try self.explanation("203.0.113.1", 80, on: "eth0").verdict == .refuse)
        // Packets from this host's own addresses arrive on loopback only.
        #expect(try !self.explanation("127.0.0.1", 80).dependsOnInterface)
    }

    @Test("A table of another program that drops the packet decides")
    func foreign() throws {
        let tables = [compile(policy).table, Table.filter([.tcp(22, .drop)])]
        let explanation = try explanation("10.1.2.3", 22, through: tables)
        #expect(explanation.verdict == .refuse)
        #expect(explanation.isForeign)
        #expect(!explanation.isOutsideSources)
    }

    @Test("A grant is one by its rule; a table that accepts a source outside the policy has none")
    func granted() throws {
        let wider = try Policy(try Service("ssh", "22/tcp"))
        let other = try explanation("203.0.113.1", 22, through: [compile(wider).table])
        #expect(other.verdict == .accept)
        #expect(!other.isGranted && other.place == nil)
        let source = GrantedSource(
            service: "ssh", address: try Endpoint("203.0.113.1", 0).address, seconds: 3600)
        let granted = try explanation("203.0.113.1", 22, through: [compile(policy).table.granting([source])])
        #expect(granted.verdict == .accept)
        #expect(granted.isGranted)
        #expect(granted.place == .line(10))
    }

    @Test("Connections from this host's own addresses come in on loopback, whatever the policy says")
    func ownAddresses() throws {
        var question = Explanation.Question(
            source: try Endpoint("192.0.2.7", 0).address, transport: .tcp, port: 80)
        question.setting = Circumstances(now: 1000, addresses: AddressSet(question.source))
        question.returnInterface = "eth0"
        let tables = [compile(policy).table]
        let own = Explanation(question, policy: policy, tables: tables, isLive: true, now: 1000)
        #expect(own.isLoopback && own.place == nil && own.assumedInterface == nil && !own.isGranted)
        // A packet with this host's address from another interface is not from this host.
        question = Explanation.Question(source: question.source, transport: .tcp, port: 80, interface: "wg0")
        question.setting = own.question.setting
        let other = Explanation(question, policy: policy, tables: tables, isLive: true, now: 1000)
        #expect(other.verdict == .refuse && other.isDenied && !other.isLoopback)
    }

    @Test("An answer that depends on the interface has the verdict by each that the host has")
    func byInterface() throws {
        var question = Explanation.Question(
            source: try Endpoint("203.0.113.1", 0).address, transport: .tcp, port: 80)
        question.setting = Circumstances(
            now: 1000, routes: Routes(indices: ["lo": 1, "eth0": 2, "wg0": 3], output: { _ in nil }))
        let tables = [compile(policy).table]
        let both = Explanation(question, policy: policy, tables: tables, isLive: true, now: 1000)
        #expect(both.dependsOnInterface)
        #expect(both.verdictsByInterface.map(\.interface) == ["eth0", "wg0"])
        #expect(both.verdictsByInterface.map(\.verdict) == [.refuse, .accept])
        // An interface that the host has not makes no claim.
        question.setting?.routes?.indices["wg0"] = nil
        let one = Explanation(question, policy: policy, tables: tables, isLive: true, now: 1000)
        #expect(one.verdict == .refuse && one.verdictsByInterface.isEmpty)
    }

    @Test("A redirection of a declared port is named, and only for sources of its service")
    func redirected() throws {
        let tables = [compile(policy).table, Table.translation([.tcp(22, redirectedTo: 2222)])]
        #expect(try explanation("10.1.2.3", 22, through: tables).redirection?.table.name == "nat")
        #expect(try explanation("10.1.2.3", 22).redirection == nil)
        #expect(try explanation("203.0.113.1", 22, through: tables).redirection == nil)
    }

    @Test("The listeners are those of the port, the protocol and the family of the source")
    func listeners() throws {
        let listeners = [
            try Listener("0.0.0.0", 22), try Listener("::", 22), try Listener("2001:db8::2", 22),
            try Listener("0.0.0.0", 23), try Listener("0.0.0.0", 22, .udp),
        ]
        let found = try explanation("10.1.2.3", 22, listeners: listeners).listeners
        #expect(found == Array(listeners[0...1]))
        #expect(try explanation("10.1.2.3", 22).listeners == nil)
    }
}
