import Addressing
import Auditing
import Listeners
import Policies
import Rulesets

extension SourceLocation {
    /// A line of a policy.
    static func line(_ line: Int) -> SourceLocation { SourceLocation(file: "policy.yaml", line: line, column: 1) }
}

extension SourceList {
    /// Sources as a policy writes them, or `any`.
    init(_ entries: [String], line: Int) throws {
        let addresses = try entries.map { $0 == "any" ? AddressSet.any : AddressSet(try AddressRange($0)) }
        self.init(
            location: .line(line), entries: entries, addresses: addresses.reduce(AddressSet()) { $0.union($1) })
    }
}

extension Service {
    /// A service on ports as a policy writes them, such as `22/tcp` and `8000-8010/tcp`; its sources are on the next line.
    init(
        _ name: String, _ ports: String..., from sources: [String] = ["any"], line: Int = 10,
        interfaces: [InterfacePattern] = [], expires: Expiry? = nil,
        listener: ListenerExpectation = ListenerExpectation(), why: String? = nil
    ) throws {
        let ports = ports.map { ServicePort($0, line: line) }
        self.init(
            name: name, location: .line(line), ports: ports, sources: try SourceList(sources, line: line + 1),
            interfaces: interfaces, expires: expires, listener: listener, why: why)
    }
}

extension ServicePort {
    fileprivate init(_ text: String, line: Int) {
        let parts = text.split(separator: "/")
        let ends = parts[0].split(separator: "-").compactMap { UInt16($0) }
        let transport = TransportProtocol(name: String(parts[1])) ?? .tcp
        self.init(transport: transport, range: ends[0]...ends[ends.count - 1], location: .line(line))
    }
}

extension Policy {
    /// A policy of these services, in the file `policy.yaml`; `deny` is on line 3.
    init(_ services: Service..., deny: [String] = [], published: Defaults.Published = .enforce) throws {
        let list = deny.isEmpty ? nil : try SourceList(deny, line: 3)
        self.init(
            defaults: Defaults(published: published), deny: list, services: services.sorted { $0.name < $1.name },
            files: ["policy.yaml"])
    }
}

extension Endpoint {
    /// The endpoint of an address and a port.
    init(_ address: String, _ port: UInt16) throws {
        switch try AddressRange(address) {
        case .ipv4(let range): self.init(.ipv4(range.lowerBound), port)
        case .ipv6(let range): self.init(.ipv6(range.lowerBound), port)
        }
    }
}

extension Listener {
    /// A socket at this address; on `::` also for IPv4.
    init(
        _ address: String, _ port: UInt16, _ transport: TransportProtocol = .tcp, interface: String? = nil,
        owners: Owners = .notAsked
    ) throws {
        let endpoint = try Endpoint(address, port)
        self.init(
            transport: transport, address: endpoint.address, port: port, isDualStack: address == "::",
            interface: interface, owners: owners)
    }
}

extension SocketProcess {
    /// The process of an executable.
    init(_ executable: String, pid: Int32 = 7, unit: String? = nil, user: String? = "root", isDeleted: Bool = false) {
        let name = executable.split(separator: "/").last.map(String.init) ?? executable
        self.init(pid: pid, name: name, executable: executable, isDeleted: isDeleted, unit: unit, user: user)
    }
}

extension AuditedPort {
    /// A port, and the address of its listener or client.
    init(_ transport: TransportProtocol, _ port: UInt16, at address: String) throws {
        let endpoint = try Endpoint(address, port)
        self.init(transport, port...port, at: endpoint.address)
    }
}

extension [Finding] {
    /// The findings without their messages and details.
    var facts: [Finding] {
        map { finding in
            var facts = finding
            facts.message = ""
            facts.details = Finding.Details()
            return facts
        }
    }
}

extension Rule {
    /// `tcp dport PORT VERDICT`.
    static func tcp(_ port: UInt16, _ verdict: Verdict, comment: String? = nil) -> Rule {
        Rule(portMatch(port) + [.verdict(verdict)], comment: comment)
    }

    /// `tcp dport PORT`, which redirects to another port of this host.
    static func tcp(_ port: UInt16, redirectedTo other: UInt16) -> Rule {
        let register = Register(rawValue: 2)
        return Rule(
            portMatch(port) + [
                .immediate(Immediate(bytes(other), into: register)),
                .redirect(PortRedirection(ports: RegisterPair(first: register, last: register), flags: 2)),
            ])
    }

    /// `tcp dport PORT`, which sends the connection to 172.17.0.2.
    static func tcp(_ port: UInt16, sentTo other: UInt16) -> Rule {
        let register = Register(rawValue: 2)
        return Rule(
            [.meta(.networkProtocol, into: .first), .compare(Comparison([2]))] + portMatch(port) + [
                .immediate(Immediate([172, 17, 0, 2])), .immediate(Immediate(bytes(other), into: register)),
                .translate(
                    AddressTranslation(
                        .destination, family: 2, addresses: RegisterPair(first: .first, last: .first),
                        ports: RegisterPair(first: register, last: register))),
            ])
    }

    private static func portMatch(_ port: UInt16) -> [Expression] {
        [
            .meta(.transportProtocol, into: .first), .compare(Comparison([6])),
            .payload(Payload(base: .transport, offset: 2, length: 2)), .compare(Comparison(bytes(port))),
        ]
    }

    private static func bytes(_ port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 0xff)] }
}

extension Table {
    /// A table of another program with one base chain.
    init(_ name: TableName, _ chain: String, _ base: BaseChain, _ rules: [Rule]) {
        self.init(name: name, chains: [Chain(name: chain, base: base, rules: rules)])
    }

    /// The table `inet filter` of another program, with these rules in input.
    static func filter(_ rules: [Rule], policy: BaseChain.Policy = .accept) -> Table {
        let base = BaseChain(type: "filter", hook: .input, priority: 0, policy: policy)
        return Table(TableName(family: .inet, name: "filter"), "input", base, rules)
    }

    /// The table `inet nat` of another program, with these rules in prerouting.
    static func translation(_ rules: [Rule]) -> Table {
        let base = BaseChain(type: "nat", hook: .prerouting, priority: -100, policy: .accept)
        return Table(TableName(family: .inet, name: "nat"), "prerouting", base, rules)
    }

    /// The same table with other parts.
    func with(
        flags: UInt32? = nil, userdata: [UInt8]? = nil, chains: [Chain]? = nil, sets: [NamedSet]? = nil,
        objects: [OpaqueObject]? = nil
    ) -> Table {
        Table(
            name: name, flags: flags ?? self.flags, userdata: userdata ?? self.userdata,
            chains: chains ?? self.chains, sets: sets ?? self.sets, objects: objects ?? self.objects)
    }

    /// The same table with a change in one chain.
    func changing(chain name: String, _ change: (inout Chain) -> Void) -> Table {
        with(
            chains: chains.map { chain in
                var changed = chain
                if chain.name == name { change(&changed) }
                return changed
            })
    }

    /// The same table with a change in one set.
    func changing(set name: String, _ change: (inout NamedSet) -> Void) -> Table {
        with(
            sets: sets.map { set in
                var changed = set
                if set.name == name { change(&changed) }
                return changed
            })
    }
}
