import Rulesets
import TestSupport
import Testing

private let name = TableName(family: .inet, name: "portreeve")

@Suite("The difference between two tables")
struct DifferenceTests {
    @Test("Applied to the old table it gives the new one", arguments: 0..<400 as Range<UInt64>)
    func gives(seed: UInt64) throws {
        var tables = RelatedTables(seed: seed)
        let (old, new) = (tables.next(), tables.next())
        #expect(try Transaction(from: old, to: new, named: name).applied(to: old) == new)
        #expect(try Transaction(from: nil, to: new, named: name).applied(to: nil) == new)
        #expect(try Transaction(from: old, to: nil, named: name).applied(to: old) == nil)
        #expect(Transaction(from: old, to: old, named: name).isEmpty)
    }

    @Test("A changed source deletes one element and adds one")
    func oneSource() {
        let definition = SetDefinition(keyType: 7, keyLength: 4, flags: .interval)
        func table(_ ranges: [ClosedRange<UInt32>]) -> Table {
            Table(name: name, sets: [NamedSet(name: "s", definition: definition, elements: .ranges32(ranges))])
        }
        let transaction = Transaction(
            from: table([1...2, 5...6, 9...9]), to: table([1...2, 5...7, 9...9]), named: name)
        #expect(
            transaction.operations == [
                .deleteElements(.ranges32([5...6]), set: "s", definition),
                .addElements(.ranges32([5...7]), set: "s", definition),
            ])
    }

    private static func rule(_ byte: UInt8) -> Rule {
        Rule([.meta(.transportProtocol, into: .first), .compare(Comparison([byte])), .counter, .verdict(.accept)])
    }

    private static func chain(_ bytes: [UInt8], priority: Int32 = 0, policy: BaseChain.Policy = .drop) -> Table {
        let base = BaseChain(type: "filter", hook: .input, priority: priority, policy: policy)
        return Table(name: name, chains: [Chain(name: "input", base: base, rules: bytes.map(rule))])
    }

    @Test("A changed rule does not touch its neighbours")
    func neighbours() {
        let transaction = Transaction(from: Self.chain([1, 2, 3]), to: Self.chain([1, 9, 3]), named: name)
        #expect(
            transaction.operations == [
                .deleteRule(chain: "input", index: 1), .addRule(Self.rule(9), chain: "input", before: 2),
            ])
    }

    @Test("A policy changes in place; a priority replaces the chain")
    func base() {
        let policy = Transaction(from: Self.chain([1]), to: Self.chain([1], policy: .accept), named: name)
        #expect(policy.operations == [.setPolicy(chain: "input", .accept)])
        let priority = Transaction(from: Self.chain([1]), to: Self.chain([1], priority: 5), named: name)
        #expect(priority.operations.count == 4)
        #expect(priority.operations[1] == .deleteChain("input"))
    }

    @Test("Only rules that refer to a replaced set are replaced with it")
    func replacedSet() {
        let look = Rule([.lookup(Lookup(.named("s"))), .verdict(.accept)])
        func table(_ flags: SetDefinition.Flags) -> Table {
            let definition = SetDefinition(keyType: 7, keyLength: 4, flags: flags)
            return Table(
                name: name, chains: [Chain(name: "c", rules: [Self.rule(1), look, Self.rule(2)])],
                sets: [NamedSet(name: "s", definition: definition, elements: definition.noElements)])
        }
        let transaction = Transaction(from: table([]), to: table(.interval), named: name)
        #expect(
            transaction.operations == [
                .deleteRule(chain: "c", index: 1), .deleteSet("s"),
                .addSet("s", SetDefinition(keyType: 7, keyLength: 4, flags: .interval)),
                .addRule(look, chain: "c", before: 2),
            ])
    }

    @Test("Ten thousand foreign rules are found without a quadratic comparison")
    func flood() throws {
        let noise = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 % 251 + 4) }
        let (old, new) = (Self.chain(noise), Self.chain([1, 2, 3]))
        #expect(try Transaction(from: old, to: new, named: name).applied(to: old) == new)
    }

    @Test("A transaction for another table throws")
    func foreign() {
        let transaction = Transaction(from: Self.chain([1, 2]), to: Self.chain([1]), named: name)
        #expect(throws: TransactionError.self) { try transaction.applied(to: nil) }
        #expect(throws: TransactionError.self) { try transaction.applied(to: Self.chain([1])) }
    }
}
