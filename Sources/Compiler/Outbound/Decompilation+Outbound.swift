internal import Addressing
public import Policies
public import Rulesets

extension Decompilation {
    /// Reads the lines of `outbound` from their chains, and their ports from the maps to these.
    mutating func readOutbound() {
        for chain in table.chains {
            if chain.name == Names.output {
                readOutput(chain)
            } else if let name = Names.lineName(ofChain: chain.name), chain.name == Names.line(name) {
                read(line: name, chain)
            }
        }
        for set in table.sets {
            guard case .list(let elements) = set.elements, let ports = PortMap(name: set.name, isOutbound: true) else {
                continue
            }
            for element in elements {
                guard let chain = element.value?.chain, let port = ports.port(of: element) else { continue }
                add(port, ofLinesBehind: chain)
            }
        }
        for name in lines.keys { lines[name]?.ports.sort { $0.order < $1.order } }
    }

    private mutating func add(_ port: DecompiledService.Port, ofLinesBehind chain: String) {
        for name in table.lines(behind: chain) { lines[name, default: DecompiledService(name: name)].add(port) }
    }

    /// Reads the protocols without ports, and the rules that the compiler does not make.
    private mutating func readOutput(_ chain: Chain) {
        let rests = [Names.outboundRefuse, Names.outboundAudit].map { Rule([.verdict(.goto($0))]) }
        let known = Rule.outboundEntry + [.leavesForwarded] + rests
        for rule in chain.rules where !known.contains(rule) && !rule.looksUpOutbound {
            if let targets = rule.lineTargets {
                for (transport, chain) in targets {
                    add(DecompiledService.Port(transport: transport, range: 0...UInt16.max), ofLinesBehind: chain)
                }
                continue
            }
            let match = SourceMatch(rule, in: sets, of: .destination)
            if let match, rests.contains(where: { $0.expressions[...] == match.rest }) { continue }
            foreign.append("\(chain.name): \(rule)")
        }
    }

    private mutating func read(line name: String, _ chain: Chain) {
        var entry = DecompiledEntry()
        var foreign: [Rule] = []
        for rule in chain.rules {
            let conditions = OutboundConditions(rule)
            guard let match = SourceMatch(Rule(Array(conditions.rest)), in: sets, of: .destination) else {
                foreign.append(rule)
                continue
            }
            if match.rest == [.verdict(.jump(Names.lineAdmission(name)))] {
                entry.readLineAdmission(table.chain(Names.lineAdmission(name)))
            } else if match.rest != [.counter, .verdict(.accept)] {
                foreign.append(rule)
                continue
            }
            entry.sources = entry.sources.union(match.addresses)
            entry.comment = entry.comment ?? rule.comment
            (entry.users, entry.expires) = (conditions.users, conditions.expires)
            if let interface = conditions.interface, !entry.interfaces.contains(interface) {
                entry.interfaces.append(interface)
            }
        }
        lines[name, default: DecompiledService(name: name)].entries = [entry]
        lines[name]?.foreign = foreign
    }
}

/// The expiry, the interface and the users at the start of a rule of a line of `outbound`.
public struct OutboundConditions {
    /// The time before which the rule matches, in seconds since 1970-01-01T00:00:00Z; `nil` for always.
    public private(set) var expires: Int64?
    /// The interface as a policy writes it; `nil` for all.
    public private(set) var interface: String?
    /// The numbers of the users; empty for all.
    public private(set) var users: [UInt32] = []
    /// The expressions after the conditions.
    public private(set) var rest: ArraySlice<Expression>

    /// The conditions of a rule.
    public init(_ rule: Rule) {
        rest = rule.expressions[...]
        if case .meta(.time, into: .first)? = rest.first, case .compare(let comparison)? = rest.dropFirst(2).first,
            comparison.operator == .less, comparison.value.count == 8
        {
            expires = Int64(UInt64(bigEndianBytes: comparison.value) / 1_000_000_000)
            rest = rest.dropFirst(3)
        }
        if case .meta(.outputInterfaceName, into: .first)? = rest.first,
            case .compare(let comparison)? = rest.dropFirst().first, comparison.operator == .equal
        {
            let name = String(decoding: comparison.value.prefix { $0 != 0 }, as: UTF8.self)
            interface = comparison.value.contains(0) ? name : name + "*"
            rest = rest.dropFirst(2)
        }
        if case .meta(.socketUser, into: .first)? = rest.first, let numbers = Self.numbers(rest.dropFirst().first) {
            users = numbers
            rest = rest.dropFirst(2)
        }
    }

    /// The numbers that a loaded user is compared with.
    private static func numbers(_ expression: Expression?) -> [UInt32]? {
        switch expression {
        case .compare(let comparison)? where comparison.operator == .equal && comparison.value.count == 4:
            return [UInt32(hostOrderBytes: comparison.value)]
        case .lookup(let lookup)? where !lookup.isInverted:
            guard case .anonymous(let set) = lookup.set, case .list(let elements) = set.elements else { return nil }
            return elements.map { UInt32(hostOrderBytes: $0.key) }.sorted()
        default: return nil
        }
    }
}

extension Rule {
    /// The time until which a rule of a line of `outbound` matches; `nil` for other rules.
    var lineExpiry: Int64? {
        let conditions = OutboundConditions(self)
        guard conditions.expires != nil else { return nil }
        switch expressions.last {
        case .verdict(.accept)?: return conditions.expires
        case .verdict(.jump(let chain))?: return Names.lineName(ofChain: chain) == nil ? nil : conditions.expires
        default: return nil
        }
    }

    /// Whether the rule just looks up a port in a map of the lines of `outbound`.
    fileprivate var looksUpOutbound: Bool {
        guard case .lookup(let lookup)? = expressions.last, case .named(let name) = lookup.set else { return false }
        return name == Names.outbound || TransportProtocol.withPorts.contains { Names.outboundRanges($0.name) == name }
    }

    /// The protocols without ports that the rule sends to lines of `outbound`; `nil` for a rule of another kind.
    fileprivate var lineTargets: [(TransportProtocol, chain: String)]? {
        guard expressions.count == 2, case .meta(.transportProtocol, into: .first) = expressions[0],
            case .lookup(let lookup) = expressions[1], case .anonymous(let set) = lookup.set,
            case .list(let elements) = set.elements
        else { return nil }
        var targets: [(TransportProtocol, chain: String)] = []
        for element in elements {
            guard let target = element.value?.chain, let number = element.key.first else { return nil }
            targets.append((TransportProtocol(rawValue: number), target))
        }
        return targets
    }
}

extension Table {
    /// What becomes of connections of this host that no line of `outbound` lets out.
    public var outboundMode: Defaults.Outbound {
        guard let last = chain(Names.output)?.rules.last?.expressions.last else { return .accept }
        return last == .verdict(.goto(Names.outboundAudit)) ? .audit : .reject
    }

    /// The lines of `outbound` to which a chain leads: its own, or those with a port in common.
    func lines(behind chain: String) -> [String] {
        if let name = Names.lineName(ofChain: chain) { return [name] }
        var names: [String] = []
        for expression in self.chain(chain)?.rules.compactMap(\.expressions.last) ?? [] {
            var chains = [expression.target].compactMap(\.self)
            if case .lookup(let lookup) = expression, case .named(let name) = lookup.set,
                case .list(let elements)? = set(name)?.elements
            {
                chains = elements.compactMap { $0.value?.chain }
            }
            for name in chains.compactMap(Names.lineName(ofChain:)) where !names.contains(name) { names.append(name) }
        }
        return names
    }
}

extension DecompiledService {
    fileprivate mutating func add(_ port: Port) {
        if !ports.contains(port) { ports.append(port) }
    }
}

extension DecompiledEntry {
    /// Reads the chain that limits, logs and accepts the connections of a line.
    fileprivate mutating func readLineAdmission(_ chain: Chain?) {
        for rule in chain?.rules ?? [] {
            if case .limit(let limit)? = rule.expressions.first { (self.limit, sharesLimit) = (limit, true) }
            if rule.logs { isLogged = true }
            if rule.expressions.last == .verdict(.accept) { comment = comment ?? rule.comment }
        }
    }
}
