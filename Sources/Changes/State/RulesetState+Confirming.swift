internal import Compiler
public import Kernel
internal import Rulesets
internal import System

extension RulesetState {
    /// The result of a confirmation.
    public enum Confirmation {
        /// The change is confirmed.
        case confirmed(Made)
        /// There is no pending change; the outcomes of changes that other commands left unfinished.
        ///
        /// Beside them, the outcome of the last change that could have waited; `nil` if there was none.
        case nothingWaits([Settlement], last: ChangeLog.Entry?)
    }

    /// Confirms the pending change, if it is still live.
    ///
    /// - Throws: `changedUnderneath` if it is not live; any error that prevents the confirmation.
    public func confirm(in store: any RulesetStore) throws -> Confirmation {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        let found = try settle(store)
        guard let pending = try pending() else { return .nothingWaits(found, last: try lastConfirmable()) }
        let live = try store.snapshot(of: Names.table, expecting: try table(of: pending).map { [$0] } ?? [])
        guard try isUntouched(pending, live) else {
            throw ChangeError(
                .changedUnderneath,
                "the table has changed since change \(pending.number), so it cannot be confirmed: "
                    + "run \"portreeve rollback\" to undo it, then \"portreeve apply\"")
        }
        try confirm(pending)
        return .confirmed(Made(number: pending.number, generation: live.generation))
    }

    /// Whether the live table is the one that the change made.
    func isUntouched(_ pending: PendingChange, in store: any RulesetStore) throws -> Bool {
        try isUntouched(pending, store.snapshot(of: Names.table, expecting: table(of: pending).map { [$0] } ?? []))
    }

    private func isUntouched(_ pending: PendingChange, _ live: TableSnapshot) throws -> Bool {
        let target = try grants().target(table(of: pending), onto: live.table)
        return Transaction(from: live.table, to: target, named: Names.table).isEmpty
    }

    private func table(of pending: PendingChange) throws -> Table? { try log.record(log.entry(pending.number)).table }

    /// The last change that was confirmed or undone: grants, bans and renewed lists need no confirmation.
    func lastConfirmable() throws -> ChangeLog.Entry? {
        try log.entries().last { $0.outcome == .confirmed || $0.outcome.isUndone && $0.outcome != .notMade }
    }

    /// The path of the policy that was applied last; `nil` if that is not known.
    public var lastPolicy: String? {
        guard let entries = try? log.entries() else { return nil }
        return entries.reversed().lazy.filter { $0.outcome.isInForce || $0.outcome == .prepared }
            .compactMap { (try? self.log.record($0))?.files.first?.path }.first
    }

    /// Undoes the pending change, unless it is settled already.
    ///
    /// - Returns: the outcomes of pending and unfinished changes.
    public func undoWaiting(in store: any RulesetStore) throws -> [Settlement] {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        let found = try settle(store)
        guard let pending = try pending() else { return found }
        try undo(pending, store, as: .rolledBack)
        return [.undoneNow(change: pending.number)]
    }

    /// The undo of the change that waits for its confirmation, as a change that is not made; `nil` if none waits.
    public func undoOfWaiting(in store: any RulesetStore) throws -> RulesetChange? {
        guard let pending = try pending() else { return nil }
        let table = try PendingChange.previous(in: files)
        let snapshot = try store.snapshot(of: Names.table, expecting: table.map { [$0] } ?? [])
        return RulesetChange(
            snapshot: snapshot, table: table, kind: .rollback, summary: "change \(pending.number) undone",
            grants: try grants())
    }
}
