import Addressing
import Auditing
import Compiler
import Listeners
import Policies
import Reachability
import Rulesets
import Testing

@Suite("Services at addresses of the host")
struct AddressesTests {
    /// `shop` at 192.0.2.10, `office` at 192.0.2.11 and 2001:db8::11, on one port.
    private func policy() throws -> Policy {
        var shop = try Service("shop", "443/tcp", line: 20, listener: ListenerExpectation(processes: ["nginx"]))
        shop.destinations = try SourceList(["192.0.2.10"], line: 21)
        var office = try Service(
            "office", "443/tcp", from: ["10.0.0.0/8", "fd00::/8"], line: 30,
            listener: ListenerExpectation(processes: ["sshd"]))
        office.destinations = try SourceList(["192.0.2.11", "2001:db8::11"], line: 31)
        return try Policy(shop, office)
    }

    private func listener(_ address: String, _ executable: String) throws -> Listener {
        try Listener(address, 443, owners: .processes([SocketProcess(executable)]))
    }

    private func identifiers(_ listeners: [Listener]) throws -> [String] {
        ListenerAudit(try policy(), listeners).findings.map { "\($0.identifier.rawValue) \($0.service ?? "-")" }
    }

    @Test("A socket belongs to the service with its address")
    func owners() throws {
        let good = [
            try listener("192.0.2.10", "/usr/sbin/nginx"), try listener("192.0.2.11", "/usr/sbin/sshd"),
            try listener("2001:db8::11", "/usr/sbin/sshd"),
        ]
        #expect(try identifiers(good) == [])
        #expect(
            try identifiers([try listener("192.0.2.11", "/usr/sbin/nginx")]) == [
                "wrong-family office", "wrong-process office", "missing-listener shop",
            ])
        #expect(
            try identifiers(good + [try listener("192.0.2.12", "/usr/sbin/nginx")]) == ["undeclared-listener -"])
    }

    @Test("A socket for every address belongs to each service without a socket of its own")
    func unbound() throws {
        let all = try listener("::", "/usr/sbin/sshd")
        #expect(try identifiers([all]) == ["wrong-process shop"])
        #expect(try identifiers([all, try listener("192.0.2.10", "/usr/sbin/nginx")]) == [])
    }

    @Test("A port of a service at an address is told of once")
    func ephemeral() throws {
        var service = try Service("high", "40000/tcp", line: 20)
        service.destinations = try SourceList(["192.0.2.10"], line: 21)
        let findings = ListenerAudit(try Policy(service), [try Listener("192.0.2.10", 40000)]).findings
        #expect(findings.map(\.identifier) == [.ephemeralPort])
    }

    @Test("Sessions are held against the service at their own end")
    func sessions() throws {
        let policy = try policy()
        let audit = SessionAudit(policy: policy, table: compile(policy).table, now: 0)
        func session(to address: String) throws -> Session {
            let (client, server) = (try Endpoint("198.51.100.7", 50000), try Endpoint(address, 443))
            return Session(transport: .tcp, client: client, dialled: server, server: server, peer: client)
        }
        let sessions = [try session(to: "192.0.2.10"), try session(to: "192.0.2.11"), try session(to: "192.0.2.12")]
        let stale = audit.stale(sessions)
        #expect(stale.map(\.server.address) == sessions.dropFirst().map(\.server.address))
        #expect(audit.findings(about: stale).map(\.service) == ["office"])
    }

    @Test("Exposure depends on the address of the socket")
    func exposure() throws {
        let regions = AccessRegions([compile(try policy()).table], in: Circumstances(now: 0))
        func isOpen(_ address: String...) throws -> Bool {
            regions.exposure(.tcp, 443...443, .ipv4, at: try address.map { try Endpoint($0, 0).address }).isOpen
        }
        #expect(try isOpen("192.0.2.10") && isOpen("192.0.2.11") && isOpen())
        #expect(try !isOpen("192.0.2.12") && isOpen("192.0.2.12", "192.0.2.10"))
        let sources = regions.sources(.tcp, 443...443, .ipv4, at: [try Endpoint("192.0.2.11", 0).address])
        #expect(sources.open == AddressSet(try AddressRange("10.0.0.0/8")) && sources.unknown.isEmpty)
    }

    @Test("An explanation names the address where it is open")
    func explanation() throws {
        let policy = try policy()
        func explain(_ source: String, at address: String?) throws -> Explanation {
            var question = Explanation.Question(
                source: try Endpoint(source, 0).address, transport: .tcp, port: 443)
            question.destination = try address.map { try Endpoint($0, 0).address.value }
            return Explanation(question, policy: policy, tables: [compile(policy).table], isLive: false, now: 0)
        }
        let anywhere = try explain("198.51.100.7", at: nil)
        #expect(anywhere.verdict == .accept && anywhere.service?.name == "shop")
        #expect(anywhere.openAddresses.map(\.description) == ["192.0.2.10"])
        let office = try explain("198.51.100.7", at: "192.0.2.11")
        #expect(office.verdict == .refuse && office.service?.name == "office" && office.isOutsideSources)
        let elsewhere = try explain("198.51.100.7", at: "192.0.2.12")
        #expect(elsewhere.verdict == .refuse && elsewhere.service == nil && elsewhere.elsewhere?.name == "office")
        #expect(elsewhere.place == .line(31))
    }

    @Test("The table reads back as the services with their addresses")
    func decompiled() throws {
        let found = DecompiledPolicy(compile(try policy()).table)
        #expect(found.foreign == [])
        #expect(found.services.map(\.name) == ["office", "shop"])
        #expect(
            found.services.map(\.destinations) == [
                AddressSet([try Endpoint("192.0.2.11", 0).address, try Endpoint("2001:db8::11", 0).address]),
                AddressSet([try Endpoint("192.0.2.10", 0).address]),
            ])
    }

    @Test("Another table overrides the service whose address it names")
    func overrides() throws {
        let policy = try policy()
        func services(_ rule: Rule) -> [String] {
            [Finding].foreignOverrides(
                of: policy, compiled: compile(policy), others: [.filter([rule])], in: Circumstances(now: 0)
            ).compactMap(\.service).sorted()
        }
        let drop = Rule.tcp(443, .drop)
        let destination: [Expression] = [
            .meta(.networkProtocol, into: .first), .compare(Comparison([2])),
            .payload(Payload(base: .network, offset: 16, length: 4)), .compare(Comparison([192, 0, 2, 10])),
        ]
        #expect(services(drop) == ["office", "shop"])
        #expect(services(Rule(destination + drop.expressions)) == ["shop"])
    }

    /// Half of the services are for every address.
    @Test("Hundreds of services are told from each other, each at an address of its own")
    func many() throws {
        let services = try (0..<400).map { number in
            var service = try Service("s\(number)", "\(2000 + number)/tcp", from: [Self.source(number)], line: number)
            if !number.isMultiple(of: 2) { service.destinations = try SourceList([Self.address(number)], line: number) }
            return service
        }
        let table = compile(Policy(services: services, files: ["policy.yaml"])).table
        let difference = AccessDifference(from: [], to: [table], in: Circumstances(now: 0))
        #expect(difference.unknown == [])
        #expect(difference.gained == [])
        let all = AddressSet(ipv4: .all)
        for number in [0, 1, 2, 201, 398, 399] {
            let others = all.subtracting(AddressSet(try AddressRange(Self.source(number))))
            let isPlain = number.isMultiple(of: 2)
            #expect(try lost(difference, number, at: Self.address(number)) == others)
            #expect(try lost(difference, number, at: Self.address(301)) == (isPlain ? others : all))
        }
    }

    private static func source(_ number: Int) -> String { "172.16.\(number / 250).\(number % 250)" }
    private static func address(_ number: Int) -> String { "10.\(number / 250).\(number % 250).1" }

    /// The sources of IPv4 that lose a service at an address.
    private func lost(_ difference: AccessDifference, _ number: Int, at address: String) throws -> AddressSet {
        let address = try #require(IPAddress(try AddressRange(address)))
        return difference.lost.filter { change in
            change.transport == .tcp && change.family == .ipv4 && change.ports.contains(UInt16(2000 + number))
                && (change.destinations.isEmpty || change.destinations.contains { $0.contains(address) })
        }.map(\.sources).reduce(AddressSet()) { $0.union($1) }
    }
}
