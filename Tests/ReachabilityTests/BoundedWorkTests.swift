import Addressing
import Rulesets
import Testing

@testable import Reachability

@Suite("The work grows no faster than the rules")
struct BoundedWorkTests {
    /// A kind of ruleset with as many rules as one wants.
    enum Shape: CaseIterable {
        /// One address and one port each, dropped.
        case drops
        /// One address each, dropped on the same port, as a program that bans writes them.
        case bans
        /// One address and one port each, accepted; all else is dropped.
        case accepts
        /// A network of sources and a range of ports each, dropped.
        case ranges
        /// Addresses that are dropped, then ports that are accepted.
        case blocks
        /// One address and one port each, then ports alone.
        case portsBehind
        /// One address and one port each, then addresses alone.
        case addressesBehind
        /// A destination and a port each, with a chain for them.
        case jumps
        /// A published port each, with the rule that lets it through.
        case published
    }

    @Test("Twice the rules cost about twice the steps, and every verdict is known", arguments: Shape.allCases)
    func growth(shape: Shape) {
        let (small, large) = (work(shape.tables(100)), work(shape.tables(200)))
        #expect(large.steps <= small.steps * 5 / 2, "\(small.steps) and \(large.steps) steps")
        #expect(large.unknown.isEmpty, "\(large.unknown)")
    }

    @Test(
        "A plan beside twice the rules costs about twice the steps, and less for the ruleset after the change",
        arguments: Shape.allCases)
    func plans(shape: Shape) {
        let (small, large) = (planned(beside: shape.tables(100)), planned(beside: shape.tables(200)))
        #expect(large.before + large.after <= (small.before + small.after) * 5 / 2, "\(small) and \(large)")
        #expect(large.after < large.before, "\(large)")
    }

    @Test(
        "The clients of a wide range of ports, with sources of their own each, take memory in proportion to the rules",
        arguments: [Shape.drops, .bans, .accepts, .jumps, .published])
    func wideRange(shape: Shape) {
        func ranges(_ count: Int) -> Int {
            let regions = regions(shape.tables(count), WorkBudget())
            func known() -> Int { AddressFamily.allCases.reduce(0) { $0 + regions.spaces[$1].rangeCount } }
            let before = known()
            _ = regions.access(.tcp, 0...UInt16.max, [.ipv4, .ipv6])
            return known() - before
        }
        let (small, large) = (ranges(100), ranges(200))
        #expect(large <= small * 5 / 2, "\(small) and \(large) ranges")
    }

    /// The steps for both rulesets of a plan that closes a port, behind the chains of other tables.
    private func planned(beside others: [Table]) -> (before: Int, after: Int) {
        func own(_ rules: [Rule]) -> Table {
            let base = BaseChain(type: "filter", hook: .input, priority: 10, policy: .drop)
            return Table(
                name: TableName(family: .inet, name: "own"), chains: [Chain(name: "input", base: base, rules: rules)],
                sets: [])
        }
        let open = [1500, 2500 as UInt16].map { Rule(.port($0) + [.verdict(.accept)]) }
        let difference = AccessDifference(
            from: [own(open)] + others, to: [own(Array(open.dropLast()))] + others, in: Circumstances(now: 0))
        #expect(difference.gained.isEmpty && difference.unknown.isEmpty)
        return (difference.before.steps, difference.after.steps)
    }

    @Test("Overrides by twice the rules cost about twice the steps", arguments: Shape.allCases)
    func overrides(shape: Shape) {
        let allowed = Table(
            name: TableName(family: .inet, name: "own"), chains: [.input([Rule([.verdict(.accept)])])], sets: [])
        func steps(_ count: Int) -> Int {
            let budget = WorkBudget()
            _ = [AccessOverride](of: allowed, by: shape.tables(count), in: Circumstances(now: 0), budget: budget)
            return WorkBudget().steps - budget.steps
        }
        let (small, large) = (steps(100), steps(200))
        #expect(large <= small * 5 / 2, "\(small) and \(large) steps")
    }

    @Test("The guard's packet meets each of the rules once", arguments: Shape.allCases)
    func packets(shape: Shape) {
        let packet = Packet(transport: .tcp, port: 22, family: .ipv4, source: 0xcb00_7101, interface: "eth0")
        for count in [100, 200] {
            let conclusion = PacketEvaluation.conclude(
                packet, through: shape.tables(count), in: Circumstances(now: 0))
            #expect(conclusion.verdict != .unknown([]))
            #expect(conclusion.trace.count <= count + 2)
        }
    }

    @Test("Chains that jump 8 wide and 8 deep are run once")
    func jumps() {
        let tables = [Table.tree(wide: 8, deep: 8)]
        let found = work(tables)
        #expect(found.steps < 20_000)
        #expect(found.unknown.isEmpty)
        let packet = Packet(transport: .tcp, port: 22, family: .ipv4, source: 0xcb00_7101, interface: "eth0")
        let conclusion = PacketEvaluation.conclude(packet, through: tables, in: Circumstances(now: 0))
        #expect(conclusion.verdict == .accept)
        #expect(conclusion.trace.count < 2_000)
    }

    @Test("The verdict on a packet is known where many rules may or may not match and all ways lead to the same end")
    func joiningForks() throws {
        let uncertain = Rule([.opaque(name: "exthdr", attributes: []), .verdict(.jump("c"))])
        let rules = Array(repeating: uncertain, count: 2_000)
        let table = Table(
            name: TableName(family: .inet, name: "t"),
            chains: [Chain(name: "c", rules: [uncertain.counting]), .input(rules + [Rule([.verdict(.drop)])])], sets: []
        )
        let packet = Packet(transport: .tcp, port: 22, family: .ipv4, source: 1, interface: "eth0")
        #expect(PacketEvaluation.conclude(packet, through: [table], in: Circumstances(now: 0)).verdict == .refuse)
        #expect(work([table]).steps < 1_000_000)
    }

    @Test("The verdict on a packet is unknown where too many rules may or may not mark it, and a rule says why")
    func forks() throws {
        let mark = Expression.meta(.mark, into: .first)
        let marking = (0..<20 as Range<UInt32>).map { bit in
            Rule([
                .opaque(name: "exthdr", attributes: []), mark,
                .bitwise(BitwiseMask(mask: UInt32.max.hostOrderBytes, xor: (1 << bit).hostOrderBytes)),
                .setPacketMark(from: .first),
            ])
        }
        let accepting = Rule([mark, .compare(Comparison(UInt32(1 << 20).hostOrderBytes)), .verdict(.accept)])
        let table = Table(
            name: TableName(family: .inet, name: "t"),
            chains: [.input(marking + [accepting, Rule([.verdict(.drop)])])], sets: [])
        let packet = Packet(transport: .tcp, port: 22, family: .ipv4, source: 1, interface: "eth0")
        let verdict = PacketEvaluation.conclude(packet, through: [table], in: Circumstances(now: 0)).verdict
        guard case .unknown(let places) = verdict else {
            Issue.record("the verdict is known")
            return
        }
        #expect(places.allSatisfy { $0.rule.map(marking.contains) == true })
    }

    @Test("Beyond the budget a verdict is the true one or unknown, and the rule where the evaluation ended is named")
    func reason() {
        let tables = Shape.drops.tables(100)
        let (whole, cut) = (regions(tables, WorkBudget()), regions(tables, WorkBudget(steps: 50)))
        var reasons: Set<String> = []
        for key in cut.keys {
            for port in Set((whole.segments[key]?.all ?? []).map(\.ports.lowerBound) + [9]) {
                switch cut.verdict(key, port: port, source: 9) {
                case .unknown(let places):
                    reasons.formUnion(places.filter(\.isBeyondBudget).map(\.description))
                case let verdict: #expect(verdict == whole.verdict(key, port: port, source: 9))
                }
            }
        }
        #expect(!reasons.isEmpty)
        #expect(reasons.allSatisfy { $0.contains("too many combinations") })
    }

    private func work(_ tables: [Table]) -> (steps: Int, unknown: [RuleReference]) {
        let budget = WorkBudget()
        let regions = regions(tables, budget)
        let doubts = regions.segments.values.flatMap(\.all).flatMap(\.doubts)
        return (WorkBudget().steps - budget.steps, doubts.prefix(1).map { regions.rules.all[$0] })
    }

    private func regions(_ tables: [Table], _ budget: WorkBudget) -> AccessRegions {
        AccessRegions(
            tables, in: Circumstances(now: 0, addresses: AddressSet(ipv4: IntervalSet([0xc000_020a...0xc000_020a]))),
            path: .arriving, transports: [.tcp, .udp], interfaces: InterfaceClass.all(in: tables),
            destinations: DestinationClasses(), spaces: SourceSpaces(), rules: RuleNumbers(), budget: budget)
    }
}

extension BoundedWorkTests.Shape {
    /// The tables with this many rules.
    func tables(_ count: Int) -> [Table] {
        let numbers = 0..<count
        func table(_ rules: [Rule], _ chains: [Chain] = []) -> [Table] {
            [Table(name: TableName(family: .inet, name: "t"), chains: chains + [.input(rules)], sets: [])]
        }
        func address(_ number: Int) -> UInt32 { UInt32(truncatingIfNeeded: number &* 2_654_435_761) }
        func port(_ number: Int) -> UInt16 { UInt16(truncatingIfNeeded: 1 + number &* 40_503 % 65_000) }
        return switch self {
        case .drops:
            table(numbers.map { Rule(.source(address($0)) + .port(port($0)) + [.verdict(.drop)]) })
        case .bans: table(numbers.map { Rule(.source(address($0)) + .port(22) + [.verdict(.drop)]) })
        case .accepts:
            table(
                numbers.map { Rule(.source(address($0)) + .port(port($0)) + [.verdict(.accept)]) }
                    + [Rule([.verdict(.drop)])])
        case .ranges:
            table(
                numbers.map { number in
                    let network = UInt32(number) << 16
                    let load = Expression.payload(Payload(base: .transport, offset: 2, length: 2))
                    let range = RangeComparison(
                        isInverted: false, source: .first, lower: port(number).bigEndianBytes, upper: [0xff, 0xff])
                    return Rule(
                        .source(network, length: 2) + .protocol(6) + [load, .range(range), .verdict(.drop)])
                })
        case .blocks:
            table(
                numbers.map { number in
                    number < count / 2
                        ? Rule(.source(address(number)) + [.verdict(.drop)])
                        : Rule(.port(port(number)) + [.verdict(.accept)])
                } + [Rule([.verdict(.drop)])])
        case .portsBehind, .addressesBehind:
            table(
                numbers.map { number in
                    let conditions =
                        if number < count / 2 {
                            [Expression].source(address(number)) + .port(port(number))
                        } else if self == .portsBehind {
                            [Expression].port(port(number))
                        } else {
                            [Expression].source(address(number))
                        }
                    return Rule(conditions + [.verdict(.drop)])
                })
        case .jumps:
            table(
                numbers.map { Rule(.destination(address($0)) + .port(443) + [.verdict(.jump("c"))]) },
                [Chain(name: "c", rules: [Rule(.source(1) + [.verdict(.drop)])])])
        case .published: Self.published(count)
        }
    }

    /// A table of translations and one that lets them through, as a container engine writes them.
    private static func published(_ count: Int) -> [Table] {
        let ports = RegisterPair(first: Register(rawValue: 2), last: Register(rawValue: 2))
        let addresses = RegisterPair(first: .first, last: .first)
        let translation = Expression.translate(
            AddressTranslation(.destination, family: 2, addresses: addresses, ports: ports, flags: 2))
        func target(_ number: Int) -> UInt32 { 0xac11_0002 + UInt32(number) }
        let translations = (0..<count).map { number in
            Rule(
                .port(UInt16(1000 + number)) + [
                    .immediate(Immediate(target(number).bigEndianBytes)),
                    .immediate(Immediate([0, 80], into: ports.first)), translation,
                ])
        }
        let accepts = (0..<count).map { Rule(.destination(target($0)) + .port(80) + [.verdict(.accept)]) }
        let pre = BaseChain(type: "nat", hook: .prerouting, priority: -100, policy: .accept)
        let forward = BaseChain(type: "filter", hook: .forward, priority: 0, policy: .drop)
        return [
            Table(
                name: TableName(family: .ipv4, name: "nat"),
                chains: [Chain(name: "pre", base: pre, rules: translations)], sets: []),
            Table(
                name: TableName(family: .ipv4, name: "filter"),
                chains: [Chain(name: "forward", base: forward, rules: accepts)], sets: []),
        ]
    }
}

extension Rule {
    /// The rule with a counter in place of its verdict.
    fileprivate var counting: Rule { Rule(expressions.dropLast() + [.counter]) }
}

extension Table {
    /// A tree of chains in which each rule jumps to the next chain.
    fileprivate static func tree(wide: Int, deep: Int) -> Table {
        let chains = (0..<deep).map { level in
            let rules =
                level + 1 < deep
                ? Array(repeating: Rule([.verdict(.jump("c\(level + 1)"))]), count: wide)
                : [Rule(.source(0x0a00_0001) + [.verdict(.drop)])]
            return Chain(name: "c\(level)", rules: rules)
        }
        return Table(
            name: TableName(family: .inet, name: "t"), chains: chains + [.input([Rule([.verdict(.jump("c0"))])])],
            sets: [])
    }
}

extension Chain {
    fileprivate static func input(_ rules: [Rule]) -> Chain {
        Chain(
            name: "input", base: BaseChain(type: "filter", hook: .input, priority: -5, policy: .accept), rules: rules)
    }
}

extension [Expression] {
    fileprivate static func source(_ address: UInt32, length: Int = 4) -> Self {
        network(offset: 12, Array<UInt8>(address.bigEndianBytes.prefix(length)))
    }

    fileprivate static func destination(_ address: UInt32) -> Self { network(offset: 16, address.bigEndianBytes) }

    private static func network(offset: UInt32, _ bytes: [UInt8]) -> Self {
        [
            .meta(.networkProtocol, into: .first), .compare(Comparison([2] as [UInt8])),
            .payload(Payload(base: .network, offset: offset, length: UInt32(bytes.count))),
            .compare(Comparison(bytes)),
        ]
    }

    fileprivate static func `protocol`(_ number: UInt8) -> Self {
        [.meta(.transportProtocol, into: .first), .compare(Comparison([number] as [UInt8]))]
    }

    fileprivate static func port(_ port: UInt16) -> Self {
        let load = Expression.payload(Payload(base: .transport, offset: 2, length: 2))
        return Self.protocol(6) + [load, Expression.compare(Comparison(Array<UInt8>(port.bigEndianBytes)))]
    }
}

extension SourceSpace {
    /// The number of ranges of all computed sets.
    fileprivate var rangeCount: Int { nodes.reduce(0) { $0 + ($1.spans?.ranges.count ?? 0) } }
}
