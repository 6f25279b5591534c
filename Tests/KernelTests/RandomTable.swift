import Rulesets
import TestSupport

/// Makes random tables that the kernel accepts, with all kinds of objects.
struct RandomTable {
    private var random: SeededGenerator
    private static let chains = ["a", "b", "c", "d"]

    /// A maker; the same seed gives the same tables.
    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// A table of this name.
    mutating func make(_ name: TableName) -> Table {
        let sets = (0..<Int.random(in: 0...5, using: &random)).map { index in
            let (definition, elements) = set()
            return NamedSet(name: "set\(index)", definition: definition, elements: elements)
        }
        let chains = Self.chains.indices.map { index in
            Chain(
                name: Self.chains[index], base: index == 0 ? base() : nil, userdata: comment(),
                rules: (0..<Int.random(in: 0...6, using: &random)).map { _ in rule(in: index, sets) })
        }
        return Table(name: name, userdata: comment(), chains: chains, sets: sets)
    }

    private mutating func base() -> BaseChain {
        BaseChain(
            type: "filter", hook: [.input, .forward, .output].randomElement(using: &random) ?? .input,
            priority: Int32.random(in: -400...400, using: &random),
            policy: Bool.random(using: &random) ? .drop : .accept)
    }

    private mutating func comment() -> [UInt8] {
        guard Bool.random(using: &random) else { return [] }
        return Userdata.comment(
            String(repeating: "x", count: Int.random(in: 1...Userdata.maximumComment, using: &random)))
    }

    private mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private mutating func rule(in chain: Int, _ sets: [NamedSet]) -> Rule {
        let load = Expression.immediate(Immediate(bytes(16)))
        var expressions = [load]
        for _ in 0..<Int.random(in: 0...4, using: &random) { expressions += [load, expression(sets)] }
        expressions.append(.verdict(verdict(in: chain)))
        return Rule(expressions, userdata: comment())
    }

    private mutating func verdict(in chain: Int) -> Verdict {
        let later = Self.chains[(chain + 1)...].randomElement(using: &random)
        let choices: [Verdict] = [.accept, .drop, .continue, .return] + (later.map { [.jump($0), .goto($0)] } ?? [])
        return choices.randomElement(using: &random) ?? .drop
    }

    private mutating func expression(_ sets: [NamedSet]) -> Expression {
        switch Int.random(in: 0..<12, using: &random) {
        case 0: return .payload(Payload(base: .network, offset: .random(in: 0...60, using: &random), length: 4))
        case 1: return .conntrack(ConntrackLoad(.status))
        case 2:
            let comparison = Comparison.Operator(rawValue: .random(in: 0...5, using: &random)) ?? .equal
            return .compare(Comparison(comparison, bytes(.random(in: 1...16, using: &random))))
        case 3: return .bitwise(BitwiseMask(mask: bytes(8), xor: bytes(8)))
        case 4: return .counter
        case 5:
            return .limit(
                RateLimit(
                    rate: .random(in: 1...1_000_000, using: &random),
                    unit: [1, 60, 3600].randomElement(using: &random) ?? 1,
                    burst: .random(in: 1...10_000, using: &random), isOver: .random(using: &random)))
        case 6: return .log(LogStatement(prefix: "p", level: .random(in: 0...7, using: &random)))
        case 7: return .meta(MetaKey(rawValue: .random(in: 0...10, using: &random)), into: .first)
        case 8:
            let set = anonymous()
            return .lookup(Lookup(.anonymous(set), destination: destination(set.definition)))
        default:
            guard let set = sets.randomElement(using: &random) else { return .counter }
            guard !set.definition.flags.contains(.dynamic) else {
                return .dynamicSet(DynamicSet(.update, set: set.name, timeout: 10_000, expressions: [.counter]))
            }
            return .lookup(Lookup(.named(set.name), destination: destination(set.definition)))
        }
    }

    private func destination(_ definition: SetDefinition) -> Register? {
        definition.flags.contains(.map) ? .verdict : nil
    }

    private mutating func anonymous() -> AnonymousSet {
        while true {
            var (definition, elements) = set()
            guard definition.flags.isDisjoint(with: [.dynamic, .timeout]), !elements.isEmpty else { continue }
            definition.flags.formUnion([.anonymous, .constant])
            return AnonymousSet(definition: definition, elements: elements)
        }
    }

    private mutating func set() -> (SetDefinition, SetElements) {
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return (SetDefinition(keyType: 7, keyLength: 4, flags: .interval), .ranges32(ranges()))
        case 1: return (SetDefinition(keyType: 8, keyLength: 16, flags: .interval), .ranges128(ranges()))
        case 2:
            let elements = keys(4).map { SetElement(key: $0, userdata: comment()) }
            return (SetDefinition(keyType: 7, keyLength: 4), .list(elements))
        case 3:
            return (verdictMap(keyLength: 8, []), .list(keys(8).map { SetElement(key: $0, value: .verdict(.accept)) }))
        case 4:
            let elements = (ranges() as [ClosedRange<UInt16>]).map {
                SetElement(
                    key: Self.bigEndian($0.lowerBound), upper: Self.bigEndian($0.upperBound), value: .verdict(.drop))
            }
            return (verdictMap(keyLength: 2, .interval), .list(elements))
        case 5:
            let definition = SetDefinition(
                keyType: 7 << 6 | 13, keyLength: 8, flags: [.interval, .concatenated], fieldLengths: [4, 2])
            let elements = (ranges() as [ClosedRange<UInt32>]).map {
                SetElement(
                    key: Self.bigEndian($0.lowerBound) + [0, 22, 0, 0],
                    upper: Self.bigEndian($0.upperBound) + [1, 0, 0, 0])
            }
            return (definition, .list(elements))
        default:
            let flags: SetDefinition.Flags = [.dynamic, .timeout]
            return (
                SetDefinition(keyType: 7, keyLength: 4, flags: flags, size: 65535, timeout: 60_000), .list([])
            )
        }
    }

    private func verdictMap(keyLength: UInt32, _ flags: SetDefinition.Flags) -> SetDefinition {
        SetDefinition(
            keyType: 13, keyLength: keyLength, flags: flags.union(.map), dataType: SetDefinition.verdictType,
            dataLength: 0)
    }

    private mutating func keys(_ length: Int) -> [[UInt8]] {
        let keys = Set((0..<Int.random(in: 0...20, using: &random)).map { _ in bytes(length) })
        return keys.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Disjoint ranges, ascending; some adjacent, some from zero, some to the highest key.
    private mutating func ranges<Key: FixedWidthInteger & UnsignedInteger>() -> [ClosedRange<Key>] {
        var bounds = Set(
            (0..<Int.random(in: 0...20, using: &random)).map { _ in Key.random(in: 0...Key.max, using: &random) })
        if Bool.random(using: &random) { bounds.insert(0) }
        let starts = bounds.sorted()
        return starts.indices.map { index in
            let last = index + 1 < starts.count ? starts[index + 1] - 1 : Key.max
            let isFull = Bool.random(using: &random)
            return starts[index]...(isFull ? last : Key.random(in: starts[index]...last, using: &random))
        }
    }

    private static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        stride(from: number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
