import CNftnl
import Rulesets
import TestSupport
import Testing

@testable import Kernel

private let name = TableName(family: .inet, name: "portreeve")

@Suite("A filter counts the replies that are as expected", .privileged, .networkNamespace)
struct ReplyFilterTests {
    private static let definition = SetDefinition(keyType: 7, keyLength: 4, flags: .interval)
    private static let longDefinition = SetDefinition(keyType: 8, keyLength: 16, flags: .interval)

    /// Loads a set of these elements, and describes it for look-ups in its generation.
    private func load(
        _ elements: SetElements, _ definition: SetDefinition, _ nftables: borrowing Nftables
    ) throws -> LookedUpSet {
        let table = Table(name: name, sets: [NamedSet(name: "s", definition: definition, elements: elements)])
        let transaction = Transaction(table: name, operations: table.creation)
        let generation = try nftables.commit(transaction, onto: try nftables.snapshot(of: name))
        return LookedUpSet(
            table: name, name: "s", definition: definition, generation: generation, count: 0, isFiltered: true)
    }

    /// Parts with these keys.
    private func parts<Key: IntervalKey>(_ keys: [Key], areEnds: Bool) -> [TreeElement<Key>] {
        keys.map { TreeElement(key: $0, isEnd: areEnds) }
    }

    @Test("Starts and ends, in their order", arguments: [false, true])
    func order(_ areEnds: Bool) throws {
        let nftables = try Nftables()
        let set = try load(.ranges32([10...19, 30...39, 50...59, 70...79]), Self.definition, nftables)
        let encoder = RangeEncoder(keyLength: 4)
        let keys: [UInt32] = areEnds ? [20, 40, 60, 80] : [10, 30, 50, 70]
        let elements = parts(keys, areEnds: areEnds)
        let madeFilter = nftables.filter(for: elements, in: set, encoder)
        let filter = try #require(madeFilter)
        let seesAll = nftables.sees(elements, in: set, encoder, through: filter)
        #expect(seesAll)
        for wrong in [keys[1] + 1, 25, 0, UInt32.max] {
            let others = parts([keys[0], wrong, keys[2], keys[3]], areEnds: areEnds)
            let seesOthers = nftables.sees(others, in: set, encoder, through: filter)
            #expect(!seesOthers)
            #expect(filter.memory.seen == 1)
        }
    }

    @Test("IPv6 addresses that differ in one of their words", arguments: [0, 32, 64, 96])
    func longKeys(_ shift: Int) throws {
        let nftables = try Nftables()
        let low = UInt128(1) << 100
        let ranges = [low...(low + 1 << 99), (low << 1)...(low << 1 + 7)]
        let set = try load(.ranges128(ranges), Self.longDefinition, nftables)
        let encoder = RangeEncoder(keyLength: 16)
        let elements = parts(ranges.map(\.lowerBound), areEnds: false)
        let madeFilter = nftables.filter(for: elements, in: set, encoder)
        let filter = try #require(madeFilter)
        let seesAll = nftables.sees(elements, in: set, encoder, through: filter)
        #expect(seesAll)
        // Inside the first range: the reply has the start of the range.
        let inside = parts([low | 1 << shift, low << 1], areEnds: false)
        let seesInside = nftables.sees(inside, in: set, encoder, through: filter)
        #expect(!seesInside)
        #expect(filter.memory.seen == 0)
    }

    @Test("Another generation, another set, and a start with more than its key")
    func difference() throws {
        let nftables = try Nftables()
        let set = try load(.ranges32([10...19, 30...39]), Self.definition, nftables)
        let encoder = RangeEncoder(keyLength: 4)
        let elements = parts([UInt32(10), 30], areEnds: false)
        let madeFilter = nftables.filter(for: elements, in: set, encoder)
        let filter = try #require(madeFilter)
        try NftProgram.run(["add set inet portreeve t { type ipv4_addr; flags interval; }"])
        let seesLater = nftables.sees(elements, in: set, encoder, through: filter)
        #expect(!seesLater)
        let current = LookedUpSet(
            table: name, name: "s", definition: Self.definition, generation: try nftables.generation(), count: 0,
            isFiltered: true)
        let madeAgain = nftables.filter(for: elements, in: current, encoder)
        let again = try #require(madeAgain)
        let seesCurrent = nftables.sees(elements, in: current, encoder, through: again)
        #expect(seesCurrent)
        let other = LookedUpSet(
            table: name, name: "t", definition: Self.definition, generation: current.generation, count: 0,
            isFiltered: true)
        let hasOther = nftables.filter(for: elements, in: other, encoder) != nil
        #expect(!hasOther)
    }

    @Test("A filter that is detached lets all replies through")
    func detached() throws {
        let nftables = try Nftables()
        let set = try load(.ranges32([10...19, 30...39]), Self.definition, nftables)
        let elements = parts([UInt32(10), 30], areEnds: false)
        let madeFilter = nftables.filter(for: elements, in: set, RangeEncoder(keyLength: 4))
        let filter = try #require(madeFilter)
        _ = nftables.sees(elements, in: set, RangeEncoder(keyLength: 4), through: filter)
        #expect(try nftables.snapshot(of: name).table?.set("s")?.elements.count == 2)
    }
}
