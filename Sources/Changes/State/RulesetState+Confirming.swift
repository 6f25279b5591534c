internal import Compiler
public import Kernel
internal import Rulesets
internal import System

extension RulesetState {
    /// What became of the change that was to be confirmed.
    public enum Confirmation {
        /// It is to stay.
        case confirmed(Made)
        /// No change waits; what became of those that others left unfinished.
        case nothingWaits([Settlement])
    }

    /// Keeps the change that waits to be confirmed, if it is still live.
    ///
    /// - Throws: `changedUnderneath` where it is not; what keeps it from being confirmed.
    public func confirm(in store: any RulesetStore) throws -> Confirmation {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        let found = try settle(store)
        guard let pending = try pending() else { return .nothingWaits(found) }
        let table = try log.record(log.entry(pending.number)).table
        let live = try store.snapshot(of: Names.table, expecting: table.map { [$0] } ?? [])
        let target = try grants().target(table, onto: live.table)
        guard Transaction(from: live.table, to: target, named: Names.table).isEmpty else {
            throw ChangeError(
                .changedUnderneath,
                "what is live is not what change \(pending.number) made: \"portreeve rollback\" puts back what was before"
            )
        }
        try confirm(pending)
        return .confirmed(Made(number: pending.number, generation: live.generation))
    }

    /// Undoes the change that waits to be confirmed, unless it settles by itself.
    ///
    /// - Returns: what became of the changes that waited or were left unfinished.
    public func undoWaiting(in store: any RulesetStore) throws -> [Settlement] {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        let found = try settle(store)
        guard let pending = try pending() else { return found }
        try undo(pending, store)
        return [.undoneNow(change: pending.number)]
    }
}
