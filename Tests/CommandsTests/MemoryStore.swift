import Addressing
import Kernel
import Listeners
import Rulesets
import System
import TestSupport

/// A ruleset in memory that applies transactions as the kernel does.
final class MemoryStore: RulesetStore {
    private(set) var number: UInt32 = 1
    private(set) var table: Table?
    /// Called before the next commit, to simulate another process.
    var interference: ((MemoryStore) -> Void)?
    /// The number of further commits before which the interference is called.
    var interferences = 0
    /// The error of the next commit.
    var refusal: String?
    /// The number of commits that were tried.
    private(set) var commits = 0

    var toleratesChanges = false
    /// The tables of other programs.
    var others: [Table] = []

    /// Called before the table is read the next time, to simulate another process.
    var reading: ((MemoryStore) -> Void)?

    func generation() -> UInt32 { number }

    func tableNames() -> [TableName] { (table.map { [$0] } ?? []).map(\.name) + others.map(\.name) }

    /// The names of tables that were read.
    var namesRead: Set<TableName> = []

    func snapshot(of name: TableName, expecting _: [Table], committed _: UInt32?) -> TableSnapshot {
        namesRead.insert(name)
        if let reading {
            self.reading = nil
            reading(self)
        }
        var snapshot = TableSnapshot(generation: number, table: others.first { $0.name == name } ?? table)
        guard let hits, let table = snapshot.table else { return snapshot }
        snapshot.handle = handle
        for (place, chain) in table.chains.enumerated() {
            snapshot.states[chain.name] = chain.rules.indices.map { index in
                let isCounted = chain.rules[index].expressions.contains(.counter)
                return RuleState(
                    handle: UInt64(place * 1000 + index), packets: isCounted ? hits[chain.name] ?? 0 : nil)
            }
        }
        return snapshot
    }

    /// The packets in the counters of each chain; `nil` for rules without counters.
    var hits: [String: UInt64]?
    /// The kernel's number of the table.
    var handle: UInt64 = 1

    /// The error of each look at the elements of a set.
    var elementFault: KernelError?

    func elementCount(of _: String, in _: TableName) throws(KernelError) -> Int {
        if let elementFault { throw elementFault }
        return 0
    }

    func elements(of _: String, in _: TableName, unlike _: [Expression]) throws(KernelError) -> [SetElement] {
        if let elementFault { throw elementFault }
        return []
    }

    func addresses() -> AddressSet? { nil }

    /// The interfaces and routes.
    var routing: (any HostNetwork)?

    func network() -> (any HostNetwork)? { routing }

    /// The tables of `iptables-legacy`.
    var legacy: [LegacyTable] = []

    func legacyTables() -> [LegacyTable] { legacy }

    func cacheSets(in _: String) {}

    /// A commit of another process to its own table.
    func commitElsewhere() { number += 1 }

    /// A commit of another process.
    func put(_ table: Table?) {
        self.table = table
        number += 1
    }

    func commit(_ transaction: Transaction, onto snapshot: TableSnapshot) throws(KernelError) -> UInt32 {
        commits += 1
        interference?(self)
        if interferences == 0 { interference = nil }
        interferences = max(0, interferences - 1)
        if let refusal { throw KernelError(.rejected, refusal) }
        guard snapshot.generation == number else {
            throw KernelError(.generationChanged, "changing the table", answer: "another process changed the ruleset")
        }
        do throws(TransactionError) { put(try transaction.applied(to: table)) } catch {
            throw KernelError(.rejected, "\(error)")
        }
        return number
    }

    func validate(_ transaction: Transaction, onto snapshot: TableSnapshot) throws(KernelError) {
        do throws(TransactionError) { _ = try transaction.applied(to: table) } catch {
            throw KernelError(.rejected, "\(error)")
        }
    }
}
