import Commands
import Rulesets

/// A ruleset in memory that obeys transactions as the kernel does.
final class MemoryStore: RulesetStore {
    private(set) var number: UInt32 = 1
    private(set) var table: Table?
    /// Called before each commit, to do what others do meanwhile.
    var interference: ((MemoryStore) -> Void)?
    /// What the next commit answers instead of obeying.
    var refusal: String?
    /// How often something was asked to be committed.
    private(set) var commits = 0

    /// The tables of others.
    var others: [Table] = []

    func generation() -> UInt32 { number }

    func tableNames() -> [TableName] { (table.map { [$0] } ?? []).map(\.name) + others.map(\.name) }

    func snapshot(of name: TableName) -> StoredTable {
        StoredTable(generation: number, table: others.first { $0.name == name } ?? table)
    }

    /// Somebody else's commit.
    func put(_ table: Table?) {
        self.table = table
        number += 1
    }

    func commit(_ transaction: Transaction, onto snapshot: StoredTable) throws(StoreError) -> UInt32 {
        commits += 1
        interference?(self)
        interference = nil
        if let refusal { throw StoreError(refusal) }
        guard snapshot.generation == number else {
            throw StoreError(isStale: true, "somebody else changed the ruleset")
        }
        do throws(TransactionError) { put(try transaction.applied(to: table)) } catch { throw StoreError("\(error)") }
        return number
    }

    func validate(_ transaction: Transaction, onto snapshot: StoredTable) throws(StoreError) {
        do throws(TransactionError) { _ = try transaction.applied(to: table) } catch { throw StoreError("\(error)") }
    }
}
