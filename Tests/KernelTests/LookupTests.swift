import CLinux
import CMnl
import CNftnl
import Glibc
import Rulesets
import System
import TestSupport
import Testing

@testable import Kernel

private let name = TableName(family: .inet, name: "portreeve")
private let definition = SetDefinition(keyType: 7, keyLength: 4, flags: .interval)
private typealias Part = TreeElement<UInt32>

/// Sets that differ in the properties that matter to lookups: their first and last range, their gaps.
private let shapes: [[ClosedRange<UInt32>]] = [
    [10...19, 30...30, 40...49, 60...69, 80...89],
    [0...9, 30...30, 40...49],
    [10...19, 30...30, 40...UInt32.max],
    [0...0, 30...30, 40...49, UInt32.max...UInt32.max],
    [1...1, 3...3, 5...5, UInt32.max - 1...UInt32.max - 1],
    [10...19, 20...29, 40...49],
    [0...UInt32.max],
    [UInt32.max...UInt32.max],
    [100...100],
]

extension SetElements {
    fileprivate init(_ parts: [Part]) { self = .list(parts.map(\.element)) }
}

@Suite("Lookups and dumps of sets agree", .privileged, .networkNamespace)
struct LookupTests {
    private func table(_ ranges: [ClosedRange<UInt32>]) -> Table {
        Table(name: name, sets: [NamedSet(name: "s", definition: definition, elements: .ranges32(ranges))])
    }

    /// A socket, and a table to replace; one socket per test, since closing one after a deletion takes the kernel long.
    private func open() throws -> Nftables {
        let nftables = try Nftables()
        let empty = Transaction(table: name, operations: [.addTable(flags: 0, userdata: [])])
        _ = try nftables.commit(empty, onto: try nftables.snapshot(of: name))
        return nftables
    }

    /// Loads a set in place of an earlier one.
    private func load(_ ranges: [ClosedRange<UInt32>], _ nftables: borrowing Nftables) throws {
        try commit([.deleteTable] + table(ranges).creation, nftables)
    }

    private func load(_ ranges: [ClosedRange<UInt32>]) throws -> Nftables {
        let nftables = try open()
        try load(ranges, nftables)
        #expect(try nftables.snapshot(of: name).table == table(ranges))
        return nftables
    }

    /// Commits steps that do not refer to existing rules.
    private func commit(_ steps: [Transaction.Operation], _ nftables: borrowing Nftables) throws(KernelError) {
        let anything = TableSnapshot(generation: try nftables.generation(), table: nil)
        _ = try nftables.commit(Transaction(table: name, operations: steps), onto: anything)
    }

    /// Deletes and adds starts and ends without a commit of `nftables`; `false` if the kernel refuses.
    private func tamper(_ gone: [Part], _ come: [Part], _ nftables: borrowing Nftables) throws -> Bool {
        var steps: [Transaction.Operation] = []
        if !gone.isEmpty { steps.append(.deleteElements(SetElements(gone), set: "s", definition)) }
        if !come.isEmpty { steps.append(.addElements(SetElements(come), set: "s", definition)) }
        do throws(KernelError) {
            try commit(steps, nftables)
            return true
        } catch {
            guard error.category == .rejected else { throw error }
            return false
        }
    }

    /// Reads the table by lookups, and expects the result of a dump; a search takes the kernel a tenth of a second.
    private func expectTruth(
        _ ranges: [ClosedRange<UInt32>], _ nftables: borrowing Nftables, searches: Bool = false
    ) throws {
        let dumped = try nftables.snapshot(of: name)
        for isFiltered in searches ? [true] : [true, false] {
            var expectation = Expectation([table(ranges)], threshold: 0)
            if !searches { expectation.searchThreshold = .max }
            if !isFiltered { expectation.filterThreshold = .max }
            let read = try nftables.snapshot(of: name, expecting: expectation)
            #expect(read.table == dumped.table)
        }
    }

    /// Whether the kernel reports the number of elements of a set.
    private func countsElements(_ nftables: borrowing Nftables) throws -> Bool {
        var counts = false
        try nftables.get(NFT_MSG_GETSET, family: .inet, flags: NLM_F_DUMP) { message throws(SystemError) in
            if message.attributes?.elementCount != nil { counts = true }
        }
        return counts
    }

    /// Whether the set of the first shape is confirmed without a dump.
    private func isConfirmed(_ nftables: borrowing Nftables) throws -> Bool {
        try nftables.snapshot(of: name, expecting: Expectation([table(shapes[0])], threshold: 0)).confirmedSets == ["s"]
    }

    @Test("A set that is as expected is not dumped if the kernel counts elements", arguments: shapes)
    func confirmed(_ ranges: [ClosedRange<UInt32>]) throws {
        let nftables = try load(ranges)
        guard try countsElements(nftables) else { return }
        let read = try nftables.snapshot(of: name, expecting: Expectation([table(ranges)], threshold: 0))
        #expect(read.table == table(ranges))
        // If a start and an end have the same key, kernels differ in which of them a lookup finds.
        guard zip(ranges, ranges.dropFirst()).allSatisfy({ $0.upperBound + 1 < $1.lowerBound }) else { return }
        // With an even number of starts and ends, the count leaves room for one more.
        let isEven = ranges.first?.lowerBound == 0 && ranges.last?.upperBound != .max
        #expect(read.confirmedSets == (isEven ? [] : ["s"]))
    }

    @Test("One range replaced, or others added", arguments: shapes)
    func mutations(_ ranges: [ClosedRange<UInt32>]) throws {
        let nftables = try open()
        for mutation in ranges.mutations {
            try load(mutation, nftables)
            try expectTruth(ranges, nftables)
            #expect(try nftables.snapshot(of: name).table == table(mutation))
        }
    }

    @Test("A start without its end, an end without its start, one element too many", arguments: shapes)
    func loneParts(_ ranges: [ClosedRange<UInt32>]) throws {
        let free = [0, 1, 5, 10, 11, 15, 19, 20, 25, 30, 31, 35, 45, 50, 85, 90, 95, 101, UInt32.max - 1, UInt32.max]
        let extra = free.flatMap { [Part(key: $0, isEnd: false), Part(key: $0, isEnd: true)] }
        let single = ranges.parts.map { ([$0], []) } + extra.map { ([], [$0]) }
        let moved = ranges.parts.flatMap { gone in extra.filter { !ranges.parts.contains($0) }.map { ([gone], [$0]) } }
        let nftables = try open()
        var isLoaded = false
        for (gone, come) in single + moved {
            if !isLoaded { try load(ranges, nftables) }
            // A refused batch changes nothing: the set is as before.
            isLoaded = try !tamper(gone, come, nftables)
            if !isLoaded { try expectTruth(ranges, nftables) }
        }
    }

    @Test("Several random changes", arguments: 0..<8)
    func random(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let keys: [UInt32] = [0, 1, 2, 3, 4, 5, 6, 7, UInt32.max - 1, UInt32.max]
        let nftables = try open()
        for round in 0..<100 {
            let bounds = keys.shuffled(using: &generator).prefix(6).sorted()
            let ranges = [bounds[0]...bounds[1], bounds[2]...bounds[3], bounds[4]...bounds[5]]
            try load(ranges, nftables)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let part = Part(key: keys.randomElement(using: &generator) ?? 0, isEnd: .random(using: &generator))
                // Only existing elements are deleted: a refusal takes the kernel ten milliseconds.
                let gone = Bool.random(using: &generator) ? ranges.parts.randomElement(using: &generator) : nil
                _ = try tamper(
                    gone.map { [$0] } ?? [], gone == nil || .random(using: &generator) ? [part] : [], nftables)
            }
            try expectTruth(ranges, nftables, searches: round.isMultiple(of: 50))
        }
    }

    @Test("A catch-all element, which the kernel does not count")
    func catchAll() throws {
        let nftables = try load(shapes[0])
        let everybody = SetElements.list([SetElement(key: [], flags: NFT_SET_ELEM_CATCHALL.rawValue)])
        let step = Transaction.Operation.addElements(everybody, set: "s", definition)
        let before = try nftables.snapshot(of: name)
        _ = try nftables.commit(Transaction(table: name, operations: [step]), onto: before)
        try expectTruth(shapes[0], nftables)
    }

    @Test("An element with a comment")
    func comment() throws {
        let ranges = shapes[0] + [100...100]
        let nftables = try load(ranges)
        try NftProgram.run(["delete element inet portreeve s { 0.0.0.100 }"])
        try NftProgram.run(["add element inet portreeve s { 0.0.0.100 comment \"x\" }"])
        try expectTruth(ranges, nftables)
    }

    @Test("An element with a limit of its own, which would not match beyond it")
    func limitedElement() throws {
        let ranges = shapes[0] + [100...100]
        let nftables = try load(ranges)
        let limit = Expression.limit(RateLimit(rate: 1, unit: 60, burst: 1))
        let changed = SetElement(key: [0, 0, 0, 100], upper: [0, 0, 0, 100], expressions: [limit])
        try commit(
            [
                .deleteElements(.ranges32([100...100]), set: "s", definition),
                .addElements(.list([changed]), set: "s", definition),
            ], nftables)
        try expectTruth(ranges, nftables)
    }

    @Test("A set that nft loaded, and one that was flushed and filled again")
    func filledByNft() throws {
        let nftables = try load(shapes[0])
        guard try countsElements(nftables) else { return }
        let refill: [Transaction.Operation] = [
            .flushElements(set: "s"), .addElements(.ranges32(shapes[0]), set: "s", definition),
        ]
        _ = try nftables.commit(Transaction(table: name, operations: refill), onto: try nftables.snapshot(of: name))
        #expect(try isConfirmed(nftables))
        let text = try NftProgram.list("inet portreeve")
        try NftProgram.load("delete table inet portreeve\n\(text)")
        #expect(try isConfirmed(nftables))
    }

    @Test("The count and a sample are enough only if the caller made the commit")
    func committed() throws {
        let starts = (1...2000).map { UInt32($0) * 10 }
        let ranges = starts.map { $0...($0 + 5) }
        let nftables = try load(ranges)
        let generation = try nftables.generation()
        let same = Expectation([table(ranges)], committed: generation, threshold: 0)
        #expect(try nftables.snapshot(of: name, expecting: same).table == table(ranges))
        let changed: [ClosedRange<UInt32>] = [46...47]
        // The same number of ranges; the changed one is not in the sample.
        #expect(try tamper([ranges[3]].parts, changed.parts, nftables))
        let read = try nftables.snapshot(of: name, expecting: same).table
        #expect(read != table(ranges))
    }

    @Test("Threads that share a big set find a change at any position", arguments: [nil, 0, 12_345, 119_999])
    func threads(_ index: Int?) throws {
        let ranges = (1...120_000).map { UInt32($0) * 10 }.map { $0...($0 + 5) }
        let nftables = try load(ranges)
        guard try countsElements(nftables) else { return }
        var live = ranges
        if let index {
            let start = ranges[index].lowerBound
            live[index] = start...(start + 6)
            #expect(try tamper([ranges[index]].parts, [live[index]].parts, nftables))
        }
        try expect(live, insteadOf: ranges, nftables)
    }

    /// Reads a set that was expected to be another one, and expects that it was not dumped.
    private func expect(
        _ live: [ClosedRange<UInt32>], insteadOf expected: [ClosedRange<UInt32>], _ nftables: borrowing Nftables
    ) throws {
        let read = try nftables.snapshot(of: name, expecting: Expectation([table(expected)], threshold: 0))
        #expect(read.confirmedSets == ["s"])
        #expect(read.table == table(live))
    }

    @Test(
        "What a big set has lost and got is found without a dump",
        arguments: [
            [:], [0: []], [19_999: []], [7: [70...79]], [7: [70...75, 77...77]], [7: [71...74]],
            [7: [72...74, 78...79]],
            [0: [1...9]], [0: [1...1, 3...3, 7...8]],
            [19_999: [199_990...199_990, 4_000_000_000...4_000_000_100]],
            [5: [], 6: [], 7: [50...79], 100: [], 10_000: [100_003...100_004], 19_999: [1_000_000...3_000_000_000]],
        ] as [[Int: [ClosedRange<UInt32>]]])
    func drift(_ changes: [Int: [ClosedRange<UInt32>]]) throws {
        let ranges = (0..<20_000).map { UInt32($0) * 10 }.map { max(1, $0)...($0 + 5) }
        let nftables = try load(shapes[0])
        guard try countsElements(nftables) else { return }
        let live = ranges.indices.flatMap { changes[$0] ?? [ranges[$0]] }
        try load(live, nftables)
        try expect(live, insteadOf: ranges, nftables)
    }

    @Test("A set that got a range in every second gap, and one of which all is gone")
    func muchDrift() throws {
        let ranges = (1...100).map { UInt32($0) * 100 }.map { $0...($0 + 5) }
        let nftables = try load(shapes[0])
        guard try countsElements(nftables) else { return }
        let more = ranges.enumerated().flatMap { index, range in
            index.isMultiple(of: 2) ? [range, (range.upperBound + 7)...(range.upperBound + 9)] : [range]
        }
        for live in [more, [7...8]] {
            try load(live, nftables)
            try expect(live, insteadOf: ranges, nftables)
        }
    }

    @Test("A thread that moved to another namespace looks up in the old one")
    func otherNamespace() throws {
        let ranges = (1...40_000).map { UInt32($0) * 10 }.map { $0...($0 + 5) }
        let nftables = try load(ranges)
        guard try countsElements(nftables) else { return }
        try #require(shim_unshare(shim_clone_newnet) == 0)
        let read = try nftables.snapshot(of: name, expecting: Expectation([table(ranges)], threshold: 0))
        #expect(read.confirmedSets == ["s"])
    }

    @Test("IPv6 addresses, and the second of two candidates")
    func longAddresses() throws {
        let definition = SetDefinition(keyType: 8, keyLength: 16, flags: .interval)
        let probe = try load(shapes[0])
        let counts = try countsElements(probe)
        func table(_ ranges: [ClosedRange<UInt128>]) -> Table {
            Table(name: name, sets: [NamedSet(name: "s", definition: definition, elements: .ranges128(ranges))])
        }
        let starts = (1...500).map { UInt128($0) << 90 }
        let ranges = starts.map { $0...($0 + 0xffff) }
        var other = ranges
        other[499] = starts[499]...(starts[499] + 1)
        #expect(try table(ranges).loadedAndRead() == table(ranges))
        let expectation = Expectation([table(other), table(ranges)], threshold: 500)
        let read = try probe.snapshot(of: name, expecting: expectation)
        #expect(read.table == table(ranges))
        #expect(read.confirmedSets == (counts ? ["s"] : []))
    }
}
