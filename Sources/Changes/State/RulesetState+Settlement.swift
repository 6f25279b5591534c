internal import Compiler
public import Kernel
internal import Rulesets
internal import System

extension RulesetState {
    /// Settles unfinished changes while the lock is held: undoes an overdue one, and checks interrupted ones.
    ///
    /// - Returns: the outcomes.
    @discardableResult
    public func settle(_ store: any RulesetStore) throws -> [Settlement] {
        guard let pending = try pending() else { return try settleInterrupted(store) }
        if pending.identity != host.identity() {
            try close(pending, as: .lost)
            return [.lostInRestart(change: pending.number)]
        }
        guard remaining(pending) <= 0 else { return [] }
        try undo(pending, store, as: .timedOut)
        return [.undone(change: pending.number)]
    }

    /// Undoes the pending change if that is overdue: then the undo process was killed.
    ///
    /// - Returns: the outcome; `nil` if no undo is overdue.
    public func settleOverdue(in store: any RulesetStore) throws -> Settlement? {
        guard let pending = try pending(), isOverdue(pending) else { return nil }
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        return try settle(store).last
    }

    /// Settles the changes of commands that were killed, for a command that has none of its own to make.
    func settleInterrupted(in store: any RulesetStore) throws -> [Settlement] {
        guard try pending() == nil, try log.entries().contains(where: { $0.outcome == .prepared }) else { return [] }
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        return try settle(store)
    }

    /// Settles the change of a command that was killed: the live table shows whether it was made.
    private func settleInterrupted(_ store: any RulesetStore) throws -> [Settlement] {
        let entries = try log.entries().filter { $0.outcome == .prepared }
        guard !entries.isEmpty else { return [] }
        // After a boot, or if it cannot be read, the live table does not show that.
        let records = entries.map { ($0, try? log.record($0)) }
        let live = try store.snapshot(of: Names.table, expecting: records.compactMap { $1?.table }).table
        let grants = try self.grants()
        return try records.map { entry, record in
            if let record, record.kind.keepsTable { return try settle(entry, record, grants, live) }
            let isLive =
                record.map { record in
                    record.identity == host.identity() && grants.target(record.table, onto: live) == live
                } ?? false
            try log.settle(entry, as: isLive ? record?.kind.outcome ?? .confirmed : .notMade)
            return isLive ? .made(change: entry.number) : .notMade(change: entry.number)
        }
    }

    /// Restores the previous table, and records that in the log.
    func undo(_ pending: PendingChange, _ store: any RulesetStore, as outcome: ChangeLog.Outcome) throws {
        try TableWriter.insist(on: previousTable(), in: store, carrying: (try? grants()) ?? GrantBook())
        try close(pending, as: outcome)
    }

    /// The table to restore: the saved one, or else that of the last confirmed change.
    func previousTable() throws -> Table? {
        do { return try PendingChange.previous(in: files) } catch {
            guard let last = try log.lastConfirmed() else { throw error }
            return try log.record(last).table
        }
    }

    /// Whether the log shows that a change is settled.
    func isSettled(_ pending: PendingChange) throws -> Bool {
        try log.entries().contains { $0.number == pending.number && $0.outcome != .prepared }
    }

    /// Ends a pending change that was undone.
    func close(_ pending: PendingChange, as outcome: ChangeLog.Outcome) throws {
        if let entry = try log.entries().last(where: { $0.number == pending.number && $0.outcome == .prepared }) {
            if outcome == .rolledBack { log.note(host.author(), of: entry) }
            try log.settle(entry, as: outcome)
        }
        try PendingChange.clear(files)
    }

    /// Ends a pending change that was confirmed.
    func confirm(_ pending: PendingChange) throws {
        try log.settle(try log.entry(pending.number), as: .confirmed)
        try PendingChange.clear(files)
        let table = try log.record(log.entry(pending.number)).table
        recordFloor(for: table)
        try end(try grants(), notIn: table)
    }
}
