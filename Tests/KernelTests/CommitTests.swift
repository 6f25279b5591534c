import Addressing
import CLinux
import CMnl
import Foundation
import Rulesets
import System
import TestSupport
import Testing

@testable import Kernel

private let name = TableName(family: .inet, name: "portreeve")
private let other = TableName(family: .ipv4, name: "stranger")

/// A transaction of these steps.
private func changes(_ operations: Transaction.Operation...) -> Transaction {
    Transaction(table: name, operations: operations)
}

/// A rule with a counter, and a comment to tell it from others.
private func rule(_ comment: String) -> Rule { Rule([.counter, .verdict(.accept)], comment: comment) }

@Suite("A transaction is applied as a whole or not at all", .privileged, .networkNamespace)
struct CommitTests {
    private let base = Chain(
        name: "input", base: BaseChain(type: "filter", hook: .input, priority: 0, policy: .accept))

    /// A table with one chain of three rules.
    private func prepare() throws -> TableSnapshot {
        var chain = base
        chain.rules = ["a", "b", "c"].map(rule)
        _ = try Table(name: name, chains: [chain]).loadedAndRead()
        return try Nftables().snapshot(of: name)
    }

    private func comments(_ snapshot: TableSnapshot) -> [String?] {
        snapshot.table?.chain("input")?.rules.map(\.comment) ?? []
    }

    @Test("Rules are inserted before others, appended and deleted by their old index")
    func ruleOrder() throws {
        let nftables = try Nftables()
        let before = try prepare()
        let generation = try nftables.commit(
            changes(
                .addRule(rule("b1"), chain: "input", before: 1), .addRule(rule("b2"), chain: "input", before: 1),
                .deleteRule(chain: "input", index: 1), .addRule(rule("d"), chain: "input", before: nil),
                .addRule(rule("0"), chain: "input", before: 0)),
            onto: before)
        let after = try nftables.snapshot(of: name)
        #expect(comments(after) == ["0", "a", "b1", "b2", "c", "d"])
        #expect(after.generation == generation)
        #expect(generation == before.generation + 1)
        #expect(after.states["input"]?.count == 6)
        #expect(after.states["input"]?.allSatisfy { $0.packets == 0 && $0.bytes == 0 } == true)
        #expect(after.states["input"]?[1].handle == before.states["input"]?[0].handle)
    }

    @Test("Only the last message of a step requests an acknowledgement: every kernel answers that one")
    func acknowledgement() throws {
        var batch = Batch(table: name, generation: 1, firstSequence: 1)
        let snapshot = TableSnapshot(generation: 1, table: nil)
        batch.append(.addTable(flags: 0, userdata: []), step: 0, snapshot)
        batch.append(.addChain(base), step: 1, snapshot)
        batch.requestAcknowledgement()
        batch.end()
        var (rest, flags) = (Array(batch.bytes), [UInt16]())
        while rest.count >= 16 {
            let length = Int(rest[0]) | Int(rest[1]) << 8
            flags.append(UInt16(rest[6]) | UInt16(rest[7]) << 8)
            rest = Array(rest.dropFirst(length))
        }
        #expect(flags.map { $0 & UInt16(NLM_F_ACK) != 0 } == [false, false, true, false])
        #expect(flags[2] & UInt16(NLM_F_CREATE | NLM_F_EXCL) == UInt16(NLM_F_CREATE | NLM_F_EXCL))
    }

    @Test("Without an acknowledgement, the generation tells whether the batch was committed")
    func noAcknowledgement() throws {
        let nftables = try Nftables()
        let before = try prepare()
        let addition = changes(.addRule(rule("d"), chain: "input", before: nil))
        let generation = try nftables.commit(addition, onto: before, asksAcknowledgement: false)
        #expect(generation == before.generation + 1)
        let after = try nftables.snapshot(of: name)
        #expect(comments(after) == ["a", "b", "c", "d"])
        let refused = #expect(throws: KernelError.self) {
            try nftables.commit(changes(.deleteChain("none")), onto: after, asksAcknowledgement: false)
        }
        #expect(refused?.category == .rejected)
        let stale = #expect(throws: KernelError.self) {
            try nftables.commit(addition, onto: before, asksAcknowledgement: false)
        }
        #expect(stale?.category == .generationChanged)
        #expect(try nftables.snapshot(of: name).table == after.table)
    }

    @Test("Policies are changed in place, chains and sets deleted, a table replaced in one batch")
    func operations() throws {
        let nftables = try Nftables()
        let before = try prepare()
        let set = SetDefinition(keyType: 7, keyLength: 4)
        _ = try nftables.commit(
            changes(.setPolicy(chain: "input", .drop), .addChain(Chain(name: "x")), .addSet("s", set)), onto: before)
        let middle = try nftables.snapshot(of: name)
        #expect(middle.table?.chain("input")?.base?.policy == .drop)
        _ = try nftables.commit(changes(.deleteChain("x"), .deleteSet("s")), onto: middle)
        let after = try nftables.snapshot(of: name)
        #expect(after.table?.chains.map(\.name) == ["input"])
        #expect(after.table?.sets == [])
        _ = try nftables.commit(changes(.deleteTable, .addTable(flags: 0, userdata: [])), onto: after)
        #expect(try nftables.snapshot(of: name).table == Table(name: name))
        _ = try nftables.commit(changes(.deleteTable), onto: try nftables.snapshot(of: name))
        #expect(try nftables.snapshot(of: name).table == nil)
    }

    @Test("Objects are deleted and added")
    func objects() throws {
        try NftProgram.load("table inet portreeve {\ncounter k { packets 5 bytes 6; }\n}")
        let nftables = try Nftables()
        let before = try nftables.snapshot(of: name)
        let object = try #require(before.table?.objects.first)
        #expect(object.name == "k")
        _ = try nftables.commit(changes(.deleteObject(object)), onto: before)
        let without = try nftables.snapshot(of: name)
        #expect(without.table?.objects == [])
        _ = try nftables.commit(changes(.addObject(object)), onto: without)
        #expect(try nftables.snapshot(of: name).table?.objects == [object])
    }

    @Test("A commit after another process's commit is refused, and changes nothing")
    func staleGeneration() throws {
        let nftables = try Nftables()
        let before = try prepare()
        try NftProgram.load("table ip stranger { }")
        let error = #expect(throws: KernelError.self) {
            try nftables.commit(changes(.deleteTable), onto: before)
        }
        #expect(error?.category == .generationChanged)
        #expect(
            error?.description
                == "changing table inet portreeve: another process changed the ruleset; nothing was written; plan again"
        )
        #expect(try nftables.snapshot(of: name).table == before.table)
        #expect(throws: KernelError.self) { try nftables.validate(changes(.deleteTable), onto: before) }
    }

    @Test("Validation changes nothing, and refuses the same transactions as a commit")
    func validation() throws {
        let nftables = try Nftables()
        let before = try prepare()
        try nftables.validate(changes(.deleteTable), onto: before)
        #expect(try nftables.snapshot(of: name) == before)
        let jump = Rule([.verdict(.jump("nowhere"))])
        let error = #expect(throws: KernelError.self) {
            try nftables.validate(changes(.addRule(jump, chain: "input", before: nil)), onto: before)
        }
        #expect(error?.category == .rejected)
        #expect(try nftables.snapshot(of: name) == before)
    }

    static let refusals: [(Transaction.Operation, String)] = [
        (
            .addRule(Rule([.verdict(.jump("nowhere"))]), chain: "input", before: nil),
            "adding a rule to chain \"input\" of table inet portreeve: no such file or directory"
        ),
        (
            .addRule(Rule([.opaque(name: "nonsense", attributes: [])]), chain: "input", before: nil),
            "adding a rule to chain \"input\" of table inet portreeve: no such file or directory"
        ),
        (.deleteChain("none"), "deleting chain \"none\" of table inet portreeve: no such file or directory"),
        (.addTable(flags: 0, userdata: []), "adding table inet portreeve: file exists"),
        (
            .addChain(Chain(name: "n", base: BaseChain(type: "nat", hook: .forward, priority: 0, policy: .accept))),
            "adding chain \"n\" to table inet portreeve: operation not supported"
        ),
        (.deleteSet("none"), "deleting set \"none\" of table inet portreeve: no such file or directory"),
        (
            .addSet("s", SetDefinition(keyType: 7, keyLength: 200)),
            "adding set \"s\" to table inet portreeve: invalid argument"
        ),
    ]

    @Test("A refusal names the refused step, and nothing is changed", arguments: refusals)
    func refusal(_ operation: Transaction.Operation, _ sentence: String) throws {
        let nftables = try Nftables()
        let before = try prepare()
        let error = #expect(throws: KernelError.self) {
            try nftables.commit(changes(.addChain(Chain(name: "first")), operation), onto: before)
        }
        #expect(error?.category == .rejected)
        #expect(error?.description == sentence)
        #expect(try nftables.snapshot(of: name) == before)
    }

    @Test("The first refused step is named, however many are refused")
    func manyRefusals() throws {
        let nftables = try Nftables()
        let before = try prepare()
        let steps = (0..<5000).map { Transaction.Operation.deleteChain("none-\($0)") }
        let error = #expect(throws: KernelError.self) {
            try nftables.commit(Transaction(table: name, operations: steps), onto: before)
        }
        #expect(error?.category == .rejected)
        #expect(error?.attempt == "deleting chain \"none-0\" of table inet portreeve")
    }

    @Test("A table that another process owns can be read, and not changed")
    func owner() throws {
        let stranger = try Nftables()
        let empty = try stranger.snapshot(of: name)
        _ = try stranger.commit(changes(.addTable(flags: 2, userdata: []), .addChain(Chain(name: "c"))), onto: empty)
        let nftables = try Nftables()
        let before = try nftables.snapshot(of: name)
        #expect(before.table == Table(name: name, flags: 2, chains: [Chain(name: "c")]))
        let error = #expect(throws: KernelError.self) {
            try nftables.commit(changes(.addRule(rule("x"), chain: "c", before: nil)), onto: before)
        }
        #expect(error?.category == .rejected)
        #expect(
            error?.description == "adding a rule to chain \"c\" of table inet portreeve: operation not permitted")
        _ = try stranger.commit(changes(.deleteTable), onto: before)
    }

    @Test("Counters are read, and keep their state when another chain changes")
    func counters() throws {
        try NftProgram.load(
            "table inet portreeve {\nchain c { counter packets 7 bytes 8 accept; accept; }\nchain d { drop; }\n}")
        let nftables = try Nftables()
        let before = try nftables.snapshot(of: name)
        #expect(before.states["c"]?.map(\.packets) == [7, nil])
        #expect(before.states["c"]?.map(\.bytes) == [8, nil])
        _ = try nftables.commit(changes(.addRule(rule("x"), chain: "d", before: nil)), onto: before)
        #expect(try nftables.snapshot(of: name).states["c"] == before.states["c"])
    }

    @Test("A table is read as of one generation while another thread commits")
    func interruption() throws {
        let ranges = SetElements.ranges32((0..<300).map { ($0 * 1000)...($0 * 1000 + 7) })
        let definition = SetDefinition(keyType: 7, keyLength: 4, flags: .interval)
        let names = ["s0", "s1", "s2"]
        let table = Table(
            name: name, chains: [Chain(name: "c")],
            sets: names.map { NamedSet(name: $0, definition: definition, elements: ranges) })
        _ = try table.loadedAndRead()
        let stranger = Stranger(name: name, definition: definition, sets: names)
        stranger.start()
        var (seen, reads, interrupted) = (Set<Bool>(), 0, 0)
        let nftables = try Nftables()
        let deadline = ContinuousClock.now + .seconds(30)
        while reads < 20 || (seen.count < 2 && interrupted == 0 && ContinuousClock.now < deadline) {
            reads += 1
            do {
                let read = try nftables.snapshot(of: name)
                let marked = Set(read.table?.sets.map { $0.elements != ranges } ?? [])
                #expect(marked.count == 1, "all sets are of one generation")
                seen.formUnion(marked)
            } catch {
                #expect(error.category == .interrupted)
                interrupted += 1
            }
        }
        #expect(stranger.stop() > 0)
        #expect(seen == [false, true] || interrupted > 0)
    }

    @Test("Without CAP_NET_ADMIN the message says so")
    func permission() throws {
        #expect(shim_drop_capabilities() == 0)
        let nftables = try Nftables()
        let error = #expect(throws: KernelError.self) { try nftables.snapshot(of: name) }
        #expect(error?.category == .permission)
        #expect(
            error?.description
                == "reading the ruleset: operation not permitted; run as root, or with CAP_NET_ADMIN")
        let batch = #expect(throws: KernelError.self) {
            try nftables.commit(changes(.deleteTable), onto: TableSnapshot(generation: 1, table: nil))
        }
        #expect(batch?.category == .permission)
    }
}

/// A thread that repeatedly marks and unmarks all sets, in one commit each.
private final class Stranger: @unchecked Sendable {
    private let table: TableName
    private let definition: SetDefinition
    private let sets: [String]
    private let condition = NSCondition()
    private var isAsked = false
    private var commits: Int?

    init(name: TableName, definition: SetDefinition, sets: [String]) {
        (table, self.definition, self.sets) = (name, definition, sets)
    }

    /// Starts the thread in the caller's network namespace.
    func start() { Thread { [self] in commitUntilAsked() }.start() }

    private func commitUntilAsked() {
        var count = 0
        let mark = SetElements.ranges32([UInt32.max...UInt32.max])
        guard let nftables = try? Nftables() else { return finish(0) }
        while !condition.withLock({ isAsked }) {
            let steps = sets.map { set -> Transaction.Operation in
                count.isMultiple(of: 2)
                    ? .addElements(mark, set: set, definition) : .deleteElements(mark, set: set, definition)
            }
            guard let generation = try? nftables.generation() else { continue }
            let transaction = Transaction(table: table, operations: steps)
            let onto = TableSnapshot(generation: generation, table: nil)
            guard (try? nftables.commit(transaction, onto: onto)) != nil else { continue }
            count += 1
            Thread.sleep(forTimeInterval: 0.005)
        }
        finish(count)
    }

    private func finish(_ count: Int) {
        condition.withLock {
            commits = count
            condition.signal()
        }
    }

    /// Stops the thread; returns the number of its commits.
    func stop() -> Int {
        condition.withLock {
            isAsked = true
            while commits == nil { condition.wait() }
            return commits ?? 0
        }
    }
}
