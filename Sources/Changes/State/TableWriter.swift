internal import Compiler
internal import Kernel
internal import Rulesets
internal import System

/// Commits a change and checks the live table afterwards.
///
/// The table is read back after an error and after success: neither proves that everything, or nothing, was applied.
struct TableWriter {
    private let store: any RulesetStore
    private let grants: GrantBook

    /// A writer to a store; `grants` may expire meanwhile.
    init(_ store: any RulesetStore, grants: GrantBook = GrantBook()) {
        self.store = store
        self.grants = grants
    }

    /// Commits the transaction from `snapshot` to `table`; returns the generation that it made.
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
            // A failure after the commit must not look like a change that was not made.
            throw ChangeError(
                error.isStale ? .changedUnderneath : .failure,
                "applied, but cannot read it back: \(error): run \"portreeve verify\"")
        }
        return generation
    }

    private func confirm(_ table: Table?, _ generation: UInt32) throws {
        let live = try readBack(table, generation)
        guard !grants.current.isLive(table, in: live) else { return }
        guard live.generation == generation else {
            throw ChangeError(
                .changedUnderneath,
                "applied, but another process has changed the ruleset since: run \"portreeve verify\"")
        }
        throw ChangeError(
            .failure, "the live table is not the one that was sent to the kernel: run \"portreeve verify\"")
    }

    /// The live table after the commit; other programs may go on committing.
    private func readBack(_ table: Table?, _ generation: UInt32) throws(KernelError) -> TableSnapshot {
        do throws(KernelError) {
            return try store.snapshot(
                of: Names.table, expecting: table.map { [$0] } ?? [], committed: generation)
        } catch {
            guard error.isStale else { throw error }
            return try Self.read(store, expecting: table)
        }
    }

    /// Describes which table is live.
    private func liveState(_ old: Table?, _ new: Table?) -> String {
        let candidates = [new, old].compactMap(\.self)
        guard let live = try? store.snapshot(of: Names.table, expecting: candidates) else {
            return "cannot read the live table: run \"portreeve verify\""
        }
        if grants.current.isLive(old, in: live) { return "nothing was changed" }
        if grants.current.isLive(new, in: live) { return "the change was made anyway" }
        return "neither the old nor the new table is live: run \"portreeve verify\""
    }
}

extension TableWriter {
    /// The number of attempts while other processes keep changing the ruleset.
    private static let attempts = 100

    /// Loads a table with its grants in the place of any live one, even if other processes commit meanwhile.
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

    /// The live table, even if other processes commit meanwhile.
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
