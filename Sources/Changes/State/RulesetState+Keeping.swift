public import Kernel
public import Policies
internal import Rulesets
internal import System

extension RulesetState {
    /// What became of a change that leaves the table as it is.
    public enum Kept: Equatable {
        /// The time to confirm the pending change of this number begins anew.
        case extended(Int)
        /// The table and its policy are recorded as the change of this number.
        case recorded(Int)
    }

    /// Handles a change that leaves the table as it is: saves the table if it is not saved, or extends the time to confirm it.
    ///
    /// - Parameters:
    ///   - change: the change, from the live table to the same one.
    ///   - store: the ruleset.
    ///   - span: the time for a confirmation; `nil` if none is needed.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - note: receives the outcomes of changes that other commands left unfinished.
    /// - Returns: the pending change whose time is extended, or the change that was recorded; `nil` if there was nothing to do.
    /// - Throws: `refused` if another change is pending, or if `span` is `nil` and one is; `changedUnderneath` if one was undone.
    public func keep(
        _ change: RulesetChange, in store: any RulesetStore, confirmedWithin span: TimeSpan?, now: Int64,
        note: (Settlement) -> Void
    ) throws -> Kept? {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        try settle(in: store, before: note)
        guard let pending = try pending() else { return try adopt(change, in: store, now: now).map(Kept.recorded) }
        guard let span, try log.record(log.entry(pending.number)).table == change.table else {
            throw refusal(pending, in: store)
        }
        try extend(pending, by: span.seconds, now: now)
        return .extended(pending.number)
    }

    /// Saves the live table and its policy if they are not saved: the directory was emptied, another program loaded the table,
    /// or the policy was edited and means the same.
    ///
    /// - Returns: the number of the change that records them; `nil` if they were saved.
    private func adopt(_ change: RulesetChange, in store: any RulesetStore, now: Int64) throws -> Int? {
        let last = try log.lastConfirmed()
        let saved = last.flatMap { try? log.document($0) }.flatMap { change.hasFiles(of: $0) ? $0 : nil }
        if let saved, log.made(saved, change.snapshot.generation, of: host.identity()) { return nil }
        var change = change
        change.grants = try grants()
        let archive = change.archive
        if let saved, log.keeps(change.table, archive, with: saved) { return nil }
        // Another command may have made a change meanwhile, which must stay the last one.
        guard isLive(change.table, with: change.grants, in: store) else {
            throw ChangeError(.changedUnderneath, "another process changed the ruleset; nothing was saved: plan again")
        }
        let number = try savingUndo {
            let entry = try log.prepare(record(of: change, change.transaction, archive, now: now))
            try log.settle(entry, as: change.kind.outcome)
            return entry.number
        }
        host.markLoaded(files.directory, change.table != nil)
        recordFloor(for: change.table)
        return number
    }
}
