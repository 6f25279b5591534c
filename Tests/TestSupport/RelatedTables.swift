public import Rulesets

/// Random tables that the kernel accepts, with few names, so that two of them have much in common.
public struct RelatedTables {
    private var generator: SeededGenerator
    private var sets: [NamedSet] = []
    private var chains: [Chain] = []

    /// The tables with this seed.
    public init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// The next table.
    public mutating func next(named name: TableName = TableName(family: .inet, name: "portreeve")) -> Table {
        chains = []
        // A chain jumps only to chains with higher numbers, so that there is no loop.
        let numbers = (0..<6).filter { _ in generator.flips(0.7) }
        sets = (0..<5).filter { _ in generator.flips(0.7) }.map { addressSet($0) }
        sets += (0..<2).filter { _ in generator.flips(0.7) }.map { verdictMap($0, leadingTo: numbers) }
        for number in numbers {
            let later = numbers.filter { $0 > number }
            let rules = (0..<Int.random(in: 0..<6, using: &generator)).map { _ in rule(leadingTo: later) }
            chains.append(Chain(name: Self.chain(number), rules: rules))
        }
        let base = baseChain()
        let rules = (0..<Int.random(in: 0..<9, using: &generator)).map { _ in rule(leadingTo: numbers) }
        chains.append(Chain(name: "input", base: base, rules: rules))
        return Table(name: name, userdata: Userdata.comment("random"), chains: chains, sets: sets)
    }

    private static func chain(_ number: Int) -> String { "chain-\(number)" }

    private mutating func baseChain() -> BaseChain {
        BaseChain(
            type: "filter", hook: generator.flips(0.8) ? .input : .forward, priority: generator.pick([0, 0, 0, 5, -5]),
            policy: generator.flips(0.5) ? .drop : .accept)
    }

    private mutating func rule(leadingTo targets: [Int]) -> Rule {
        var expressions = match()
        if generator.flips(0.5) { expressions.append(.counter) }
        if generator.flips(0.2) { expressions.append(.log(LogStatement(prefix: "seen: "))) }
        expressions.append(.verdict(verdict(leadingTo: targets)))
        return Rule(expressions, comment: generator.flips(0.3) ? generator.pick(["why", "OPS-1", "because"]) : nil)
    }

    private mutating func verdict(leadingTo targets: [Int]) -> Verdict {
        guard !targets.isEmpty, generator.flips(0.4) else { return generator.pick([.accept, .drop, .return]) }
        let target = Self.chain(generator.pick(targets))
        return generator.flips(0.5) ? .jump(target) : .goto(target)
    }

    private mutating func match() -> [Expression] {
        let ipv4: [Expression] = [.meta(.networkProtocol, into: .first), .compare(Comparison([2]))]
        let source = Expression.payload(Payload(base: .network, offset: 12, length: 4))
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: return []
        case 1: return ipv4 + [source, .compare(Comparison([10, 0, 0, UInt8.random(in: 0..<4, using: &generator)]))]
        case 2:
            let own = sets.filter { $0.definition.holdsRanges && $0.definition.keyLength == 4 }
            return own.isEmpty ? ipv4 : ipv4 + [source, .lookup(Lookup(.named(generator.pick(own).name)))]
        case 3:
            let own = sets.filter { $0.definition.flags.contains(.map) }
            let load = [Expression.meta(.transportProtocol, into: .first)]
            guard !own.isEmpty, chains.isEmpty else { return load + [.compare(Comparison([6]))] }
            return load + [.compare(Comparison([17]))]
        case 4: return [.meta(.transportProtocol, into: .first), .lookup(Lookup(.anonymous(protocols())))]
        case 5:
            let end = UInt8.random(in: 4..<6, using: &generator)
            let ends = [Comparison(.greaterOrEqual, [10, 0, 0, 1]), Comparison(.lessOrEqual, [10, 0, 0, end])]
            return ipv4 + [source] + ends.map(Expression.compare)
        default: return [.limit(RateLimit(rate: UInt64.random(in: 1..<4, using: &generator), unit: 60))]
        }
    }

    private mutating func protocols() -> AnonymousSet {
        let numbers = ([1, 6, 17, 58] as [UInt8]).filter { _ in generator.flips(0.5) } + [132]
        let definition = SetDefinition(
            keyType: 12, keyLength: 1, flags: [.anonymous, .constant], size: UInt32(numbers.count),
            userdata: [0, 4, 1, 0, 0, 0])
        return AnonymousSet(
            definition: definition, elements: .list(numbers.map { SetElement(key: [$0]) }.sortedByKey()))
    }

    private mutating func addressSet(_ number: Int) -> NamedSet {
        if number == 4 {
            let definition = SetDefinition(keyType: 8, keyLength: 16, flags: .interval)
            return NamedSet(name: "set-4", definition: definition, elements: .ranges128(ranges(UInt128.self)))
        }
        // The type of one set differs from table to table, so that it must be replaced.
        if number == 3 && generator.flips(0.5) {
            let keys = Set((0..<5).map { _ in [10, 0, 0, UInt8.random(in: 0..<9, using: &generator)] })
            let elements = keys.map { SetElement(key: $0) }.sortedByKey()
            return NamedSet(
                name: "set-3", definition: SetDefinition(keyType: 7, keyLength: 4), elements: .list(elements))
        }
        let definition = SetDefinition(keyType: 7, keyLength: 4, flags: .interval)
        return NamedSet(name: "set-\(number)", definition: definition, elements: .ranges32(ranges(UInt32.self)))
    }

    /// Ranges of few values, including both ends of the space; some are adjacent.
    private mutating func ranges<Bound: FixedWidthInteger>(_: Bound.Type) -> [ClosedRange<Bound>] {
        var ranges: [ClosedRange<Bound>] = []
        var next: Bound = 0
        while next < 40 {
            let lower = next + Bound.random(in: 0..<4, using: &generator)
            let upper = lower + Bound.random(in: 0..<4, using: &generator)
            if generator.flips(0.7) { ranges.append(lower...upper) }
            next = upper + 1
        }
        if generator.flips(0.3) { ranges.append((Bound.max - Bound.random(in: 0..<3, using: &generator))...Bound.max) }
        return ranges
    }

    private mutating func verdictMap(_ number: Int, leadingTo targets: [Int]) -> NamedSet {
        let definition = SetDefinition(
            keyType: 13, keyLength: 2, flags: number == 0 ? .map : [.map, .interval],
            dataType: SetDefinition.verdictType, dataLength: 0)
        var elements: [SetElement] = []
        for port in 0..<UInt8(6) where generator.flips(0.5) {
            let upper: [UInt8]? = number == 0 ? nil : [port, generator.pick([0, 9])]
            elements.append(SetElement(key: [port, 0], upper: upper, value: .verdict(verdict(leadingTo: targets))))
        }
        return NamedSet(name: "map-\(number)", definition: definition, elements: .list(elements))
    }
}
