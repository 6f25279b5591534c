internal import Compiler
internal import Rulesets

/// Commits a change and makes sure of what is live afterwards.
///
/// An error does not mean that nothing was applied, nor success that all was: the table is read again after either.
struct TableWriter {
    private var store: any RulesetStore

    init(_ store: any RulesetStore) { self.store = store }

    /// Commits the transaction from `snapshot` to `table`; returns the generation that the commit made.
    consuming func replace(
        _ snapshot: StoredTable, by table: Table?, _ transaction: Transaction
    ) throws -> UInt32 {
        let generation: UInt32
        do throws(StoreError) {
            generation = try store.commit(transaction, onto: snapshot)
        } catch {
            guard !error.isStale else { throw error }
            throw CommandError(.failure, "\(error.message); \(liveState(snapshot.table, table))")
        }
        do {
            try confirm(table, generation)
        } catch let error as StoreError {
            // Nobody may take this for a change that was not made.
            throw CommandError(
                error.isStale ? .changedUnderneath : .failure,
                "applied, but it could not be read back: \(error.message); run portreeve verify")
        }
        return generation
    }

    private mutating func confirm(_ table: Table?, _ generation: UInt32) throws {
        let expected = table.map { [$0] } ?? []
        let live = try store.snapshot(of: Names.table, expecting: expected, committed: generation)
        guard !Transaction(from: live.table, to: table, named: Names.table).isEmpty else { return }
        guard live.generation == generation else {
            throw CommandError(
                .changedUnderneath, "applied, but somebody else has changed the ruleset since: run portreeve verify")
        }
        throw CommandError(.failure, "the kernel does not have what was sent to it: run portreeve verify")
    }

    /// Which table is live, in words.
    private mutating func liveState(_ old: Table?, _ new: Table?) -> String {
        let candidates = [new, old].compactMap(\.self)
        guard let live = try? store.snapshot(of: Names.table, expecting: candidates) else {
            return "what is live now could not be read: run portreeve verify"
        }
        if Transaction(from: live.table, to: old, named: Names.table).isEmpty { return "nothing was changed" }
        if Transaction(from: live.table, to: new, named: Names.table).isEmpty {
            return "the change is live all the same"
        }
        return "neither the old nor the new table is live: run portreeve verify"
    }
}

extension TableWriter {
    /// How often it is tried where others keep changing the ruleset.
    private static let attempts = 100

    /// Makes a table live, whatever is live now, and whoever commits meanwhile.
    static func insist(on table: Table?, in store: any RulesetStore) throws {
        for _ in 1..<attempts {
            do { return try replaceOnce(by: table, in: store) } catch let error as StoreError where error.isStale {
                continue
            } catch let error as CommandError where error.status == .changedUnderneath { continue }
        }
        try replaceOnce(by: table, in: store)
    }

    /// What is live, whoever commits meanwhile.
    static func read(_ store: any RulesetStore, expecting table: Table?) throws(StoreError) -> StoredTable {
        var store = store
        let expected = table.map { [$0] } ?? []
        for _ in 1..<attempts {
            do throws(StoreError) { return try store.snapshot(of: Names.table, expecting: expected) } catch {
                guard error.isStale else { throw error }
            }
        }
        return try store.snapshot(of: Names.table, expecting: expected)
    }

    private static func replaceOnce(by table: Table?, in store: any RulesetStore) throws {
        var store = store
        let live = try store.snapshot(of: Names.table, expecting: table.map { [$0] } ?? [])
        let transaction = Transaction(from: live.table, to: table, named: Names.table)
        if !transaction.isEmpty { _ = try TableWriter(store).replace(live, by: table, transaction) }
    }
}
