internal import Addressing
internal import Policies
internal import Rulesets

/// Reads the services back from the table that they were compiled to.
struct Decompilation {
    let table: Table
    private(set) var services: [String: DecompiledService] = [:]
    private(set) var trusted: [String: DecompiledEntry] = [:]
    private(set) var masquerades: [String: DecompiledMasquerade] = [:]
    private(set) var denied = AddressSet()
    /// The lines of `outbound`, by name.
    var lines: [String: DecompiledService] = [:]
    var foreign: [String] = []
    /// The protocols without ports, each with its chain.
    private var protocols: [(TransportProtocol, chain: String)] = []
    /// The services that each chain leads to by the dialled address.
    private let switches: [String: [DecompiledTarget]]

    /// The addresses of the sets, by name; read once, since many services may share a set.
    let sets: [String: AddressSet]

    init(_ table: Table) {
        self.table = table
        sets = table.addressSets
        switches = table.addressSwitches
    }

    /// Reads the sources from the chains of services, and foreign rules from the other chains.
    mutating func readChains() {
        let prefix = Names.service("")
        for chain in table.chains {
            if chain.name.hasPrefix(prefix) {
                read(service: String(chain.name.dropFirst(prefix.count)), chain)
            } else if chain.name == Names.input {
                readInput(chain)
            } else if chain.name == Names.natPostrouting {
                readPostrouting(chain)
            } else if chain.base != nil && !Names.wholeChains.contains(chain.name) {
                foreign += chain.rules.map { "\(chain.name): \($0)" }
            }
        }
    }

    /// Reads the ports from the maps to the chains of services.
    mutating func readPorts() {
        for set in table.sets {
            guard case .list(let elements) = set.elements, let ports = PortMap(name: set.name) else { continue }
            for element in elements {
                guard let chain = element.value?.chain, let port = ports.port(of: element) else { continue }
                add(port, of: chain)
            }
        }
        for (transport, chain) in protocols {
            add(DecompiledService.Port(transport: transport, range: 0...UInt16.max), of: chain)
        }
        // The chain for DHCPv6 comes before that of a service with the same port, and ends with a goto to it.
        if let chain = table.chain(Names.dhcpv6)?.rules.last?.expressions.last?.target {
            add(DecompiledService.Port(transport: .udp, range: dhcpv6Port...dhcpv6Port), of: chain, unlessHeld: true)
        }
        for name in services.keys { services[name]?.ports.sort { $0.order < $1.order } }
    }

    /// Adds a port to the service, or the services, that its chain leads to.
    private mutating func add(_ port: DecompiledService.Port, of chain: String, unlessHeld isOnce: Bool = false) {
        for target in switches[chain] ?? DecompiledTarget(chain, at: nil).map({ [$0] }) ?? [] {
            var port = port
            port.addresses = target.addresses
            let isHeld = services[target.service]?.ports.contains {
                $0.transport == port.transport && $0.range.contains(port.range.lowerBound)
            }
            if !isOnce || isHeld == false { services[target.service]?.ports.append(port) }
        }
    }

    /// Reads the entries of `masquerade`, which one rule for each interface leads to.
    private mutating func readPostrouting(_ chain: Chain) {
        for rule in chain.rules where rule != .hairpin {
            guard let read = table.masquerade(rule, in: sets) else {
                foreign.append("\(chain.name): \(rule)")
                continue
            }
            masquerades[read.name, default: DecompiledMasquerade(name: read.name)].add(read)
        }
    }

    private mutating func readInput(_ chain: Chain) {
        let known =
            Rule.echoRequests + Rule.link
            + [Rule.loopback, Rule.established, Rule.invalid, Rule.conntrackState, Rule.refuse, Rule.forwarded]
            + AddressFamily.allCases.map { Rule.refuse(speaking: [$0]) }
        for rule in chain.rules where !known.contains(rule) && !rule.isFormerEcho && !Dispatch.isLookup(rule) {
            // Bans are not part of the policy.
            if rule.isBan { continue }
            if let targets = rule.protocolTargets {
                protocols += targets
                continue
            }
            if let (name, conditions) = rule.trusted {
                read(trusted: name, conditions)
                continue
            }
            if let match = SourceMatch(rule, in: sets),
                match.rest.last == .verdict(.drop) || match.rest == [.verdict(.goto(Names.deniedSources))]
            {
                denied = denied.union(match.addresses)
            } else {
                foreign.append("\(chain.name): \(rule)")
            }
        }
    }

    private mutating func read(service name: String, _ chain: Chain) {
        var service = DecompiledService(name: name)
        if chain.rules.contains(.refuseRest) {
            var list = EntryList(table: table, sets: sets)
            for rule in chain.rules where rule != .refuseRest && !rule.isGrant(of: name) { list.read(rule) }
            (service.entries, service.foreign) = (list.entries, list.foreign)
        } else {
            var entry = DecompiledEntry()
            service.foreign = chain.rules.flatMap { read($0, of: name, into: &entry) }
            service.entries = [entry]
        }
        service.forwarding = table.forwarding(of: name, in: sets)
        services[name] = service
    }

    /// Reads an entry of `trusted`, from the rules that lead to its chain and from the chain.
    private mutating func read(trusted name: String, _ conditions: RuleConditions) {
        if let interface = conditions.interface, trusted[name] != nil {
            trusted[name]?.interfaces.append(interface)
            return
        }
        var entry = DecompiledEntry()
        entry.interfaces = conditions.interface.map { [$0] } ?? []
        entry.expires = conditions.expires
        for rule in table.chain(Names.trusted(name))?.rules ?? [] {
            guard let match = SourceMatch(rule, in: sets), match.rest.last == .verdict(.accept) else {
                foreign.append("\(Names.trusted(name)): \(rule)")
                continue
            }
            entry.sources = entry.sources.union(match.addresses)
            entry.isLogged = entry.isLogged || rule.logs
            entry.comment = entry.comment ?? rule.comment
        }
        trusted[name] = entry
    }

    /// Adds what a rule says to the entry; returns the rules, it or those that it leads to, that the compiler does not make.
    private func read(_ rule: Rule, of service: String, into entry: inout DecompiledEntry) -> [Rule] {
        // Grants are not part of the policy.
        if rule == Rule.refuse || rule.isGrant(of: service) { return [] }
        if let end = rule.expiry {
            entry.expires = end
        } else if let interface = rule.interface(leadingTo: Names.sources(service)) {
            entry.interfaces.append(interface)
            guard entry.interfaces.count == 1 else { return [] }
            return (table.chain(Names.sources(service))?.rules ?? []).flatMap { read($0, of: service, into: &entry) }
        } else if let match = SourceMatch(rule, in: sets), match.rest.last == .verdict(.accept) {
            entry.sources = entry.sources.union(match.addresses)
            entry.comment = entry.comment ?? rule.comment
        } else if let match = SourceMatch(rule, in: sets), match.rest == [.verdict(.goto(Names.admit(service)))] {
            entry.sources = entry.sources.union(match.addresses)
            entry.readAdmission(table.chain(Names.admit(service)))
        } else {
            return [rule]
        }
        return []
    }
}

extension DecompiledMasquerade {
    /// Adds the interface of another rule of the same entry.
    fileprivate mutating func add(_ other: DecompiledMasquerade) {
        interfaces += other.interfaces
        sources = sources.union(other.sources)
        comment = comment ?? other.comment
    }
}

extension Names {
    /// The base chains that are the same for all policies which have them.
    fileprivate static let wholeChains = [dialled, published, routed, output, natPrerouting, natOutput]
}

extension SetElement.Value {
    /// The chain of a jump or goto; `nil` for none.
    var chain: String? {
        guard case .verdict(let verdict) = self else { return nil }
        return verdict.target
    }
}

extension Expression {
    /// The chain of a jump or goto; `nil` for none.
    var target: String? {
        guard case .verdict(let verdict) = self else { return nil }
        return verdict.target
    }
}

extension Rule {
    /// Whether it is a rule for echo requests of portreeve 0.1, which came before that for loopback.
    fileprivate var isFormerEcho: Bool {
        guard case .compare(let comparison)? = expressions.dropFirst().first, comparison.operator == .notEqual else {
            return false
        }
        return Rule.echoRequests.contains { expressions.dropFirst(Match.isFromThisHost.count) == $0.expressions[...] }
    }

    /// The protocols without ports that the rule sends to services; `nil` for a rule of another kind.
    fileprivate var protocolTargets: [(TransportProtocol, chain: String)]? {
        guard expressions.count == 2, case .meta(.transportProtocol, into: .first) = expressions[0],
            case .lookup(let lookup) = expressions[1], case .anonymous(let set) = lookup.set,
            case .list(let elements) = set.elements
        else { return nil }
        let prefixes = [Names.service("")] + Names.dispatchers
        var targets: [(TransportProtocol, chain: String)] = []
        for element in elements {
            guard let target = element.value?.chain, let number = element.key.first else { return nil }
            if prefixes.contains(where: target.hasPrefix) {
                targets.append((TransportProtocol(rawValue: number), target))
            } else if ![Names.icmpv4, Names.icmpv6].contains(target) {
                return nil
            }
        }
        return targets
    }

    /// The time from which the rule refuses packets, in seconds since 1970-01-01T00:00:00Z; `nil` for other rules.
    var expiry: Int64? {
        guard expressions.last == .verdict(.goto(Names.refuse)),
            case .compare(let comparison)? = expressions.dropFirst(2).first,
            case .meta(.time, into: .first)? = expressions.first, comparison.value.count == 8
        else { return nil }
        return Int64(UInt64(bigEndianBytes: comparison.value) / 1_000_000_000)
    }

    /// The interface whose packets the rule sends to `chain`, as a policy writes it; `nil` for other rules.
    fileprivate func interface(leadingTo chain: String) -> String? {
        guard expressions.count == 3, case .meta(.inputInterfaceName, into: .first) = expressions[0],
            case .compare(let comparison) = expressions[1], expressions[2] == .verdict(.goto(chain))
        else { return nil }
        let name = String(decoding: comparison.value.prefix { $0 != 0 }, as: UTF8.self)
        return comparison.value.contains(0) ? name : name + "*"
    }
}

extension Dispatch {
    /// Whether the rule just looks up a port in a map of ports.
    static func isLookup(_ rule: Rule) -> Bool {
        guard case .lookup(let lookup)? = rule.expressions.last, case .named(let name) = lookup.set else {
            return false
        }
        return name == Names.services || TransportProtocol.withPorts.contains { Names.ranges($0.name) == name }
    }
}
