import Addressing
import Rulesets
import TestSupport

@testable import Reachability

/// Random rulesets of several tables with few addresses and ports, which the kernel accepts.
struct RandomRuleset {
    var generator: SeededGenerator
    /// Whether to use only expressions whose outcome depends on the packet alone.
    let isDetermined: Bool
    /// How many times as many rules as usual the chains have.
    let length: Int
    private var sets: [NamedSet] = []

    init(seed: UInt64, isDetermined: Bool, length: Int = 1) {
        generator = SeededGenerator(seed: seed)
        self.isDetermined = isDetermined
        self.length = length
    }

    static let interfaces = ["eth0", "wg1"]

    /// Up to three filter tables of different families, and perhaps one with translations.
    mutating func next() -> [Table] {
        let families: [TableFamily] = [.inet, .ipv4, .ipv6, .inet]
        var tables = (0..<Int.random(in: 1..<4, using: &generator)).map { number in
            filter(number, families[number % families.count])
        }
        if generator.flips(0.4) { tables.append(translation()) }
        return tables
    }

    private mutating func filter(_ number: Int, _ family: TableFamily) -> Table {
        sets = [addressSet(0, 4), addressSet(1, 16), portSet()]
        let targets = ["a", "b", "c"]
        sets += [protocolMap(targets), portMap(targets), concatenatedSet()]
        var chains: [Chain] = []
        for (index, name) in targets.enumerated() {
            let later = Array(targets.dropFirst(index + 1))
            chains.append(Chain(name: name, rules: rules(0..<4, family, later)))
        }
        let input = BaseChain(type: "filter", hook: .input, priority: Int32(number * 5 - 5), policy: policy())
        chains.append(Chain(name: "input", base: input, rules: rules(1..<6, family, targets)))
        if generator.flips(0.5) {
            let forward = BaseChain(type: "filter", hook: .forward, priority: Int32(number * 5), policy: policy())
            chains.append(Chain(name: "forward", base: forward, rules: rules(0..<4, family, [])))
        }
        if generator.flips(0.3) {
            let early = BaseChain(
                type: "filter", hook: .prerouting, priority: generator.pick([-300, -150]) + Int32(number),
                policy: .accept)
            chains.append(Chain(name: "early", base: early, rules: effects(0..<3, family)))
        }
        if family == .inet, generator.flips(0.2) {
            let ingress = BaseChain(
                type: "filter", hook: .ingress, priority: Int32(number), policy: policy(),
                devices: [generator.pick(Self.interfaces)])
            // The kernel refuses `fib` at this hook.
            let rules = effects(0..<3, family).filter {
                !$0.expressions.contains { if case .route = $0 { true } else { false } }
            }
            chains.append(Chain(name: "ingress", base: ingress, rules: rules))
        }
        if generator.flips(0.3) {
            let late = BaseChain(type: "filter", hook: .input, priority: 150 + Int32(number), policy: policy())
            chains.append(Chain(name: "late", base: late, rules: rules(0..<3, family, [])))
        }
        return Table(name: TableName(family: family, name: "t\(number)"), chains: chains, sets: sets)
    }

    private mutating func policy() -> BaseChain.Policy { generator.flips(0.5) ? .drop : .accept }

    /// Rules that mark packets and connections, and exclude some from conntrack.
    private mutating func effects(_ count: Range<Int>, _ family: TableFamily) -> [Rule] {
        rules(count, family, []).map { rule in
            guard generator.flips(0.7) else { return rule }
            let target = rule.expressions.lastIndex { if case .verdict = $0 { true } else { false } }
            let value = UInt32.random(in: 0..<4, using: &generator).hostOrderBytes
            var effect: [Expression] = [.meta(.mark, into: .first)]
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: effect = [.immediate(Immediate(value)), .setPacketMark(from: .first)]
            case 1:
                effect += [
                    .bitwise(BitwiseMask(mask: (~UInt32(2)).hostOrderBytes, xor: value)), .setPacketMark(from: .first),
                ]
            case 2: effect.append(.setConntrack(ConntrackAssignment(.mark)))
            case 3: effect = [.conntrack(ConntrackLoad(.mark)), .setPacketMark(from: .first)]
            default: effect = [.opaque(name: "notrack", attributes: [])]
            }
            return Rule(rule.expressions[..<(target ?? rule.expressions.endIndex)] + effect)
        }
    }

    /// A test of a mark, of what conntrack knows, of a number that the kernel chooses, or of the routes.
    private mutating func stateMatch() -> [Expression] {
        let value = UInt32.random(in: 0..<4, using: &generator).hostOrderBytes
        let comparison = Expression.compare(Comparison(generator.pick([.equal, .notEqual]), value))
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: return [.meta(.mark, into: .first), comparison]
        case 1: return [.conntrack(ConntrackLoad(.mark)), comparison]
        case 2:
            return [
                .meta(.mark, into: .first), .bitwise(BitwiseMask(mask: UInt32(1).hostOrderBytes)),
                .compare(Comparison(UInt32(1).hostOrderBytes)),
            ]
        case 3:
            let state = generator.pick([ConntrackState.untracked, ConntrackState.invalid])
            return [.conntrack(ConntrackLoad(.state)), .compare(Comparison(.notEqual, state.hostOrderBytes))]
        case 4: return [.meta(.inputInterface, into: .first), .compare(Comparison(UInt32(1).hostOrderBytes))]
        case 5:
            // On the loopback interface the type of a source is not known.
            let end: RouteLookup.Flags = isDetermined ? .destination : generator.pick([.source, .destination])
            return [
                .route(RouteLookup(.addressType, flags: end)),
                .compare(Comparison(UInt32(generator.pick([1, 2])).hostOrderBytes)),
            ]
        default:
            let port = [UInt8(0), UInt8.random(in: 0..<8, using: &generator)]
            return [.conntrack(ConntrackLoad(.destinationPort, direction: 0)), .compare(Comparison(.less, port))]
        }
    }

    /// `numgen random` of 2 numbers: `NFTA_NG_DREG`, `NFTA_NG_MODULUS`, `NFTA_NG_TYPE` of `linux/netfilter/nf_tables.h`.
    private mutating func chosenNumber() -> [Expression] {
        func attribute(_ type: UInt16, _ value: UInt32) -> [UInt8] {
            UInt16(8).hostOrderBytes + type.hostOrderBytes + value.bigEndianBytes
        }
        let number = Expression.opaque(name: "numgen", attributes: attribute(1, 1) + attribute(2, 2) + attribute(3, 1))
        let most = isDetermined ? UInt32(generator.pick([2, 3])) : UInt32(generator.pick([0, 1, 2]))
        return [
            number, .byteOrder(ByteOrderConversion(toNetwork: true, length: 4, size: 4)),
            .compare(Comparison(.less, most.bigEndianBytes)),
        ]
    }

    /// Redirections to other ports and hosts.
    private mutating func translation() -> Table {
        sets = [addressSet(0, 4), portSet()]
        let base = BaseChain(type: "nat", hook: .prerouting, priority: -100, policy: .accept)
        let rules = (0..<Int.random(in: 1..<4, using: &generator)).map { _ -> Rule in
            let transport: [Expression] = [
                .meta(.transportProtocol, into: .first), .compare(Comparison([generator.pick([6, 17])])),
            ]
            let port = [UInt8(0), UInt8.random(in: 1..<8, using: &generator)]
            let source = generator.flips(0.5) ? sourceMatch(.ipv4) : []
            let match =
                source + transport + [
                    .payload(Payload(base: .transport, offset: 2, length: 2)),
                    .compare(Comparison(.equal, [0, UInt8.random(in: 1..<8, using: &generator)])),
                ]
            let ports = RegisterPair(first: Register(rawValue: 2), last: Register(rawValue: 2))
            if generator.flips(0.5) {
                return Rule(
                    match + [
                        .immediate(Immediate(port, into: ports.first)),
                        .redirect(PortRedirection(ports: ports, flags: 2)),
                    ])
            }
            let family: [Expression] = [.meta(.networkProtocol, into: .first), .compare(Comparison([2]))]
            let addresses = RegisterPair(first: .first, last: .first)
            return Rule(
                family + match + [
                    .immediate(Immediate([10, 9, 0, 2])), .immediate(Immediate(port, into: ports.first)),
                    .translate(
                        AddressTranslation(.destination, family: 2, addresses: addresses, ports: ports, flags: 2)),
                ])
        }
        let input = BaseChain(type: "nat", hook: .input, priority: 100, policy: .accept)
        let pair = RegisterPair(first: .first, last: .first)
        let source = Rule(
            sourceMatch(.ipv4) + [
                .immediate(Immediate([10, 0, 0, UInt8.random(in: 0..<8, using: &generator)])),
                .translate(AddressTranslation(.source, family: 2, addresses: pair, flags: 1)),
            ])
        return Table(
            name: TableName(family: .inet, name: "nat"),
            chains: [
                Chain(name: "pre", base: base, rules: rules),
                Chain(name: "in", base: input, rules: generator.flips(0.5) ? [source] : []),
            ], sets: sets)
    }

    private mutating func rules(_ count: Range<Int>, _ family: TableFamily, _ targets: [String]) -> [Rule] {
        (0..<(length * Int.random(in: count, using: &generator))).map { _ in rule(family, targets) }
    }

    private mutating func rule(_ family: TableFamily, _ targets: [String]) -> Rule {
        var expressions = match(family, targets)
        if case .lookup(let lookup)? = expressions.last, lookup.destination == .verdict { return Rule(expressions) }
        if generator.flips(0.3) { expressions += match(family, []) }
        if generator.flips(0.3) { expressions.append(.counter) }
        return Rule(expressions + [.verdict(verdict(targets))])
    }

    mutating func verdict(_ targets: [String]) -> Verdict {
        guard !targets.isEmpty, generator.flips(0.5) else {
            return generator.pick([.accept, .accept, .drop, .drop, .return, .continue])
        }
        let target = generator.pick(targets)
        return generator.flips(0.5) ? .jump(target) : .goto(target)
    }

    private mutating func match(_ family: TableFamily, _ targets: [String]) -> [Expression] {
        switch Int.random(in: 0..<(isDetermined ? 12 : 15), using: &generator) {
        case 0, 1: return sourceMatch(family)
        case 2, 3: return portMatch()
        case 4:
            let load: [Expression] = [
                .meta(.transportProtocol, into: .first),
                .payload(Payload(base: .transport, offset: 2, length: 2, into: .secondWord)),
            ]
            return targets.count < 3
                ? portMatch() : load + [.lookup(Lookup(.named("protocols"), destination: .verdict))]
        case 5:
            let load = Expression.payload(Payload(base: .transport, offset: 2, length: 2))
            return targets.count < 3 ? portMatch() : [load, .lookup(Lookup(.named("ports-to"), destination: .verdict))]
        case 6: return interfaceMatch()
        case 7:
            let state = generator.pick([ConntrackState.new, ConntrackState.established])
            return [
                .conntrack(ConntrackLoad(.state)), .bitwise(BitwiseMask(mask: [UInt8(state), 0, 0, 0])),
                .compare(Comparison(.notEqual, [0, 0, 0, 0])),
            ]
        case 8:
            guard family != .ipv6, sets.contains(where: { $0.name == "pairs" }) else { return sourceMatch(family) }
            return self.family(.ipv4) + [
                .payload(Payload(base: .network, offset: 12, length: 4)),
                .payload(Payload(base: .transport, offset: 2, length: 2, into: .secondWord)),
                .lookup(Lookup(.named("pairs"), isInverted: generator.flips(0.3))),
            ]
        case 9, 10: return stateMatch()
        case 11: return chosenNumber()
        case 12: return [.payload(Payload(base: .transport, offset: 0, length: 2)), .compare(Comparison([0x80, 1]))]
        case 13: return [.limit(RateLimit(rate: 3, unit: 60, isOver: generator.flips(0.5)))]
        default: return [.opaque(name: "exthdr", attributes: [])]
        }
    }

    private func family(_ family: TableFamily) -> [Expression] {
        [.meta(.networkProtocol, into: .first), .compare(Comparison([family.rawValue]))]
    }

    private mutating func sourceMatch(_ family: TableFamily) -> [Expression] {
        let isIPv4 = family == .ipv4 || family == .inet && generator.flips(0.6)
        let length = isIPv4 ? 4 : 16
        let load = Expression.payload(Payload(base: .network, offset: isIPv4 ? 12 : 8, length: UInt32(length)))
        let head = self.family(isIPv4 ? .ipv4 : .ipv6) + [load]
        let operators: [Comparison.Operator] = [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
            return head + [
                .compare(
                    Comparison(generator.pick(operators), address(length, UInt8.random(in: 0..<8, using: &generator))))
            ]
        case 1:
            let mask = 0xf8 | UInt8.random(in: 0..<8, using: &generator)
            let value = address(length, UInt8.random(in: 0..<8, using: &generator) & mask)
            let whole = [UInt8](repeating: .max, count: length - 1)
            return head + [
                .bitwise(BitwiseMask(mask: whole + [mask])),
                .compare(Comparison(generator.pick([.equal, .notEqual]), value)),
            ]
        case 2:
            let lower = UInt8.random(in: 0..<8, using: &generator)
            let upper = UInt8.random(in: lower..<8, using: &generator)
            return head + [
                .range(
                    RangeComparison(
                        isInverted: generator.flips(0.4), source: .first, lower: address(length, lower),
                        upper: address(length, upper)))
            ]
        default:
            let name = isIPv4 ? "addresses-4" : "addresses-16"
            guard sets.contains(where: { $0.name == name }) else {
                return head + [.compare(Comparison(address(length, 3)))]
            }
            return head + [.lookup(Lookup(.named(name), isInverted: generator.flips(0.3)))]
        }
    }

    private func address(_ length: Int, _ last: UInt8) -> [UInt8] {
        length == 4 ? [10, 0, 0, last] : [0xfd] + Array(repeating: 0, count: 14) + [last]
    }

    private mutating func portMatch() -> [Expression] {
        let load = Expression.payload(Payload(base: .transport, offset: 2, length: 2))
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
            let operators: [Comparison.Operator] = [.equal, .notEqual, .less, .greaterOrEqual]
            return [
                load, .compare(Comparison(generator.pick(operators), [0, UInt8.random(in: 0..<8, using: &generator)])),
            ]
        case 1:
            let mask = 0xf8 | UInt8.random(in: 0..<8, using: &generator)
            return [
                load, .bitwise(BitwiseMask(mask: [0xff, mask], xor: [0, 1])),
                .compare(Comparison([0, UInt8.random(in: 0..<8, using: &generator)])),
            ]
        case 2: return [load, .lookup(Lookup(.named("ports"), isInverted: generator.flips(0.3)))]
        default: return [.meta(.transportProtocol, into: .first), .compare(Comparison([generator.pick([6, 17, 50])]))]
        }
    }

    private mutating func interfaceMatch() -> [Expression] {
        let name = generator.pick([Array("eth0".utf8), Array("wg".utf8), Array("lo".utf8)])
        let isStart = name.count == 2 && name[0] == UInt8(ascii: "w")
        let value = name + Array(repeating: 0, count: isStart ? 0 : 16 - name.count)
        return [
            .meta(.inputInterfaceName, into: .first), .compare(Comparison(generator.pick([.equal, .notEqual]), value)),
        ]
    }
}
