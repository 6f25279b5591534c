internal import Compiler
internal import Kernel
internal import Rulesets
internal import System

/// Commits a change and makes sure of what is live afterwards.
///
/// An error does not mean that nothing was applied, nor success that all was: the table is read again after either.
struct TableWriter {
    private let store: any RulesetStore
    private let grants: GrantBook

    /// A writer to a store; `grants` may come to their end meanwhile.
    init(_ store: any RulesetStore, grants: GrantBook = GrantBook()) {
        self.store = store
        self.grants = grants
    }

    /// Commits the transaction from `snapshot` to `table`; returns the generation that the commit made.
    func replace(
        _ snapshot: TableSnapshot, by table: Table?, _ transaction: Transaction
    ) throws -> UInt32 {
        let generation: UInt32
        do throws(KernelError) {
            generation = try store.commit(transaction, onto: snapshot)
        } catch {
            guard !error.isStale else { throw error }
            throw ChangeError(.failure, "\(error); \(liveState(snapshot.table, table))")
        }
        do {
            try confirm(table, generation)
        } catch let error as KernelError {
            // Nobody may take this for a change that was not made.
            throw ChangeError(
                error.isStale ? .changedUnderneath : .failure,
                "applied, but it could not be read back: \(error); run portreeve verify")
        }
        return generation
    }

    private func confirm(_ table: Table?, _ generation: UInt32) throws {
        let expected = table.map { [$0] } ?? []
        let live = try store.snapshot(of: Names.table, expecting: expected, committed: generation)
        guard !grants.current.isLive(table, in: live) else { return }
        guard live.generation == generation else {
            throw ChangeError(
                .changedUnderneath, "applied, but somebody else has changed the ruleset since: run portreeve verify")
        }
        throw ChangeError(.failure, "the kernel does not have what was sent to it: run portreeve verify")
    }

    /// Which table is live, in words.
    private func liveState(_ old: Table?, _ new: Table?) -> String {
        let candidates = [new, old].compactMap(\.self)
        guard let live = try? store.snapshot(of: Names.table, expecting: candidates) else {
            return "what is live now could not be read: run portreeve verify"
        }
        if grants.current.isLive(old, in: live) { return "nothing was changed" }
        if grants.current.isLive(new, in: live) { return "the change is live all the same" }
        return "neither the old nor the new table is live: run portreeve verify"
    }
}

extension TableWriter {
    /// How often it is tried where others keep changing the ruleset.
    private static let attempts = 100

    /// Makes a table live, with the grants that are not over, whatever is live now, and whoever commits meanwhile.
    static func insist(
        on table: Table?, in store: any RulesetStore, carrying grants: GrantBook = GrantBook()
    ) throws {
        for _ in 1..<attempts {
            do { return try replaceOnce(by: table, in: store, grants.current) } catch let error as KernelError
                where error.isStale
            {
                continue
            } catch let error as ChangeError where error.reason == .changedUnderneath { continue }
        }
        try replaceOnce(by: table, in: store, grants.current)
    }

    /// What is live, whoever commits meanwhile.
    static func read(_ store: any RulesetStore, expecting table: Table?) throws(KernelError) -> TableSnapshot {
        let expected = table.map { [$0] } ?? []
        for _ in 1..<attempts {
            do throws(KernelError) { return try store.snapshot(of: Names.table, expecting: expected) } catch {
                guard error.isStale else { throw error }
            }
        }
        return try store.snapshot(of: Names.table, expecting: expected)
    }

    private static func replaceOnce(by table: Table?, in store: any RulesetStore, _ grants: GrantBook) throws {
        let live = try store.snapshot(of: Names.table, expecting: table.map { [$0] } ?? [])
        let grants = grants.telling(onto: live.table)
        let target = grants.target(table, onto: live.table)
        let transaction = Transaction(from: live.table, to: target, named: Names.table)
        if !transaction.isEmpty {
            _ = try TableWriter(store, grants: grants).replace(live, by: target, transaction)
        }
    }
}
