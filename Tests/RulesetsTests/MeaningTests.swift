import Rulesets
import TestSupport
import Testing

private let name = TableName(family: .inet, name: "portreeve")
private let load = Expression.payload(Payload(base: .network, offset: 12, length: 4))
private let (low, high): ([UInt8], [UInt8]) = ([10, 0, 0, 1], [10, 0, 0, 9])

/// `ip saddr 10.0.0.1-10.0.0.9 accept` with these expressions for the comparison.
private func rule(_ comparison: [Expression], comment: String? = nil) -> Rule {
    Rule([load] + comparison + [.counter, .verdict(.accept)], comment: comment)
}

private func range(
    _ lower: [UInt8] = low, _ upper: [UInt8] = high, isInverted: Bool = false, in register: Register = .first
)
    -> Expression
{
    .range(RangeComparison(isInverted: isInverted, source: register, lower: lower, upper: upper))
}

private func compare(_ comparison: Comparison.Operator, _ value: [UInt8], in register: Register = .first) -> Expression
{
    .compare(Comparison(comparison, value, source: register))
}

private let pair = [compare(.greaterOrEqual, low), compare(.lessOrEqual, high)]

/// Expressions similar to `pair` that accept other packets, or may do so.
private let nearMisses: [[Expression]] = [
    [], [pair[0]], [pair[1]], pair.reversed(), pair + pair, pair + [range()], [range(), range()],
    [range(isInverted: true)], [range(in: .secondWord)], [range(low, low)], [range(high, low)],
    [range([10, 0, 0], high)],
    [range(low, high + [0])], [compare(.greater, low), pair[1]], [pair[0], compare(.less, high)],
    [compare(.greaterOrEqual, low, in: .secondWord), pair[1]], [pair[0], .counter, pair[1]],
    [pair[0], range(high, high)],
    [.opaque(name: "range", attributes: [8, 0, 1, 0, 0, 0, 0, 1])],
]

@Suite("Rules and sets are compared by their meaning")
struct MeaningTests {
    @Test("A range is the two comparisons with its ends")
    func ranges() {
        let (old, new) = (rule(pair, comment: "why"), rule([range()], comment: "why"))
        #expect(old == new && new == old)
        #expect(old.hashValue == new.hashValue)
        #expect(rule([range(), pair[0], pair[1]]) == rule([pair[0], pair[1], range()]))
        #expect(rule([pair[0], range()]) == rule([pair[0], pair[0], pair[1]]))
    }

    @Test("An expression similar to a range is a different rule", arguments: nearMisses)
    func differences(comparison: [Expression]) {
        let other = rule(comparison)
        for same in [rule(pair), rule([range()])] {
            #expect(other != same && same != other)
            #expect(!other.doesTheSame(as: same))
        }
    }

    @Test("A comment and an attribute that is not modelled are compared, too")
    func rest() {
        #expect(rule(pair, comment: "why") != rule([range()], comment: "because"))
        #expect(rule(pair, comment: "why").doesTheSame(as: rule([range()], comment: "because")))
        var other = rule([range()])
        other.unrecognized = [8, 0, 5, 0, 0, 0, 0, 0]
        #expect(rule(pair) != other)
        #expect(!rule(pair).doesTheSame(as: other))
    }

    private func set(_ flags: SetDefinition.Flags, size: UInt32?, _ keys: [UInt8] = [6, 17]) -> AnonymousSet {
        AnonymousSet(
            definition: SetDefinition(keyType: 12, keyLength: 1, flags: flags, size: size),
            elements: .list(keys.map { SetElement(key: [$0]) }))
    }

    @Test("The size matters unless a set is anonymous and constant")
    func sizes() {
        let fixed: SetDefinition.Flags = [.anonymous, .constant]
        #expect(set(fixed, size: 2) == set(fixed, size: nil))
        #expect(set(fixed, size: 2).hashValue == set(fixed, size: nil).hashValue)
        #expect(set(fixed, size: 2) == set(fixed, size: 3))
        #expect(set(fixed, size: 2) != set(fixed, size: 2, [6]))
        #expect(set(fixed, size: 2) != set([.anonymous, .constant, .interval], size: 2))
        #expect(set(.anonymous, size: 2) != set(.anonymous, size: nil))
        #expect(set(.constant, size: 2) != set(.constant, size: nil))
        #expect(set([.anonymous, .dynamic], size: 2) != set([.anonymous, .dynamic], size: 3))
    }

    @Test("A table that another nft has loaded needs no change", arguments: 0..<200 as Range<UInt64>)
    func tables(seed: UInt64) throws {
        var tables = RelatedTables(seed: seed)
        let (old, new) = (tables.next(), tables.next())
        #expect(old.encodedByNewerNft == old)
        #expect(Transaction(from: old.encodedByNewerNft, to: old, named: name).isEmpty)
        #expect(Transaction(from: old, to: old.encodedByNewerNft, named: name).isEmpty)
        #expect(
            Transaction(from: old.encodedByNewerNft, to: new, named: name).operations
                == Transaction(from: old, to: new, named: name).operations)
        #expect(
            try Transaction(from: old.encodedByNewerNft, to: new, named: name).applied(to: old.encodedByNewerNft) == new
        )
    }

    @Test("Some of these tables have a different encoding")
    func encodings() {
        let different = (0..<200 as Range<UInt64>).count { seed in
            var tables = RelatedTables(seed: seed)
            let rules = tables.next().chains.flatMap(\.rules)
            return rules.contains { $0.expressions != $0.encodedByNewerNft.expressions }
        }
        #expect(different > 50)
    }
}

extension Table {
    /// The table as nft 1.1.3 loads it from the same text.
    fileprivate var encodedByNewerNft: Table {
        let chains = chains.map { chain in
            var chain = chain
            chain.rules = chain.rules.map(\.encodedByNewerNft)
            return chain
        }
        return Table(name: self.name, flags: flags, userdata: userdata, chains: chains, sets: sets, objects: objects)
    }
}

extension Rule {
    fileprivate var encodedByNewerNft: Rule {
        var expressions: [Expression] = []
        for expression in self.expressions {
            switch (expressions.last, expression) {
            case (.compare(let lower)?, .compare(let upper))
            where lower.operator == .greaterOrEqual && upper.operator == .lessOrEqual:
                expressions[expressions.count - 1] = range(lower.value, upper.value)
            case (_, .lookup(var lookup)):
                if case .anonymous(var set) = lookup.set {
                    set.definition.size = nil
                    lookup.set = .anonymous(set)
                }
                expressions.append(.lookup(lookup))
            default: expressions.append(expression)
            }
        }
        return Rule(expressions, userdata: userdata, unrecognized: unrecognized)
    }
}
