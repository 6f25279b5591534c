internal import Compiler
public import Kernel
public import Policies
internal import Rulesets
internal import System

extension RulesetState {
    /// The result of a change.
    public struct Made {
        /// The number of the change.
        public let number: Int
        /// The generation that the change made.
        public let generation: UInt32
    }

    /// Makes a change: saves it, commits it, reads it back, and arranges the undo unless it is confirmed.
    ///
    /// - Parameters:
    ///   - change: the change.
    ///   - store: the ruleset.
    ///   - span: the time for a confirmation; `nil` if none is needed.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - note: receives the outcomes of changes that other commands left unfinished.
    /// - Returns: the number of the change, and the generation that it made.
    /// - Throws: any error that prevented the change, or left its outcome unknown.
    public func make(
        _ change: RulesetChange, in store: any RulesetStore, confirmedWithin span: TimeSpan?, now: Int64,
        note: (Settlement) -> Void
    ) throws -> Made {
        let lock: FileLock = try savingUndo { try self.lock() }
        defer { withExtendedLifetime(lock) {} }
        try settle(in: store, before: note)
        if let pending = try pending() { throw refusal(pending, in: store) }
        var change = change
        change.grants = try savingUndo { try grants() }.telling(onto: change.snapshot.table)
        try requireNoBan(of: change.neverDeny, in: change.grants.bans)
        change.grants.warnings.forEach(host.warn)
        let transaction = change.transaction
        let entry = try savingUndo {
            try log.prepare(record(of: change, transaction, change.archive, now: now))
        }
        if let span {
            do { try savingUndo { try arm(entry, change, span, now: now) } } catch {
                withdraw(entry)
                throw error
            }
        }
        let generation = try commit(change, transaction, as: entry, in: store, waits: span != nil) { change in
            let record = record(of: change, transaction, change.archive, now: now)
            try savingUndo { try log.prepare(record, again: entry) }
        }
        if let span {
            // A commit of a big table takes seconds; the deadline is reset so that they do not count.
            if var pending = try? pending() {
                let deadline = host.uptime() + span.seconds * 1000
                pending.moment = pending.moment.map { $0 + (deadline - pending.deadline) / 1000 }
                pending.deadline = deadline
                try? pending.store(in: files)
            }
        } else {
            try retain(entry, as: change.kind.outcome)
            recordFloor(for: change.table)
            try end(change.grants, notIn: change.table)
        }
        return Made(number: entry.number, generation: generation)
    }

    /// Refuses a policy whose `never-deny` has an address that is banned.
    private func requireNoBan(of neverDeny: @autoclosure () -> SourceList?, in bans: BanBook) throws {
        guard !bans.active.isEmpty, let list = neverDeny(), let ban = bans.conflict(with: list.addresses) else {
            return
        }
        throw ChangeError(
            .refused,
            "\"never-deny\" (\(list.location.file):\(list.location.line)) protects addresses in \(ban.addresses), which is banned: "
                + "run \"portreeve unban \(ban.addresses)\" first; nothing was changed")
    }

    /// Settles what other commands left unfinished, before a change that was planned without it.
    ///
    /// - Throws: `changedUnderneath` if that has changed the table.
    func settle(in store: any RulesetStore, before note: (Settlement) -> Void) throws {
        let found = try settle(store)
        found.forEach(note)
        guard found.contains(where: \.changedTheTable) else { return }
        throw ChangeError(
            .changedUnderneath,
            "it was undone after the new change was planned; the new one was not made: try again")
    }

    /// The result of `body`; adds to an error in saving that nothing was changed.
    func savingUndo<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as KernelError {
            throw ChangeError(
                .failure,
                "cannot save the undo state: \(error); nothing was changed")
        }
    }

    func record(
        of change: RulesetChange, _ transaction: Transaction, _ archive: [UInt8]?, now: Int64
    ) -> ChangeRecord {
        ChangeRecord(
            kind: change.kind, time: now, author: host.author(), summary: change.summary,
            origin: change.origin, files: change.policy?.recordedFiles ?? change.files,
            identity: host.identity(),
            generation: transaction.isEmpty ? change.snapshot.generation : change.snapshot.nextGeneration,
            archive: archive, reason: reason(for: change, archive), ended: change.grants.ended(by: change.table))
    }

    /// Why a policy is applied: to repair the live table if the policy means what was applied last.
    private func reason(for change: RulesetChange, _ archive: [UInt8]?) -> ChangeReason? {
        guard change.kind == .apply else { return nil }
        guard !change.transaction.isEmpty, let last = try? log.lastConfirmed(), let saved = try? log.document(last),
            log.keeps(change.table, archive, with: saved)
        else { return .applied }
        return .repaired
    }

    private func arm(
        _ entry: ChangeLog.Entry, _ change: RulesetChange, _ span: TimeSpan, now: Int64
    ) throws {
        let pending = PendingChange(
            number: entry.number, deadline: host.uptime() + span.seconds * 1000,
            identity: host.identity(), moment: now + span.seconds)
        try pending.store(in: files, previous: change.snapshot.table)
        // A table that cannot be decoded could not be restored.
        guard try PendingChange.previous(in: files) == change.snapshot.table else {
            throw ChangeError(.failure, "cannot save the live table exactly as it is; nothing was changed")
        }
        try host.arm(files.directory)
    }

    /// Commits a change, and plans it again if another program's commit came first.
    private func commit(
        _ change: RulesetChange, _ transaction: Transaction, in store: any RulesetStore,
        save: (RulesetChange) throws -> Void
    ) throws -> UInt32 {
        let writer = TableWriter(store, grants: change.grants)
        var change = change
        for _ in 0..<change.replans {
            do { return try writer.replace(change.snapshot, by: change.target, transaction) } catch let error
                as KernelError
                where error.isStale
            {
                guard let snapshot = try change.replan?() else { throw error }
                change = change.moved(onto: snapshot)
                try save(change)
            }
        }
        return try writer.replace(change.snapshot, by: change.target, transaction)
    }

    /// Commits a change; if that fails, the live table shows whether the change was made.
    private func commit(
        _ change: RulesetChange, _ transaction: Transaction, as entry: ChangeLog.Entry, in store: any RulesetStore,
        waits: Bool, save: (RulesetChange) throws -> Void
    ) throws -> UInt32 {
        do {
            let generation = try commit(change, transaction, in: store, save: save)
            host.markLoaded(files.directory, change.target != nil)
            return generation
        } catch {
            let isUnwritten = (error as? KernelError)?.isStale == true
            if isUnwritten || isLive(change.snapshot.table, with: change.grants, in: store) {
                withdraw(entry)
            } else if !waits && isLive(change.table, with: change.grants, in: store) {
                try? log.settle(entry, as: change.kind.outcome)
            }
            // If the live table is neither, or cannot be read, the undo stays armed.
            throw error
        }
    }

    func isLive(_ table: Table?, with grants: GrantBook, in store: any RulesetStore) -> Bool {
        guard let live = try? TableWriter.read(store, expecting: table) else { return false }
        return grants.current.isLive(table, in: live)
    }

    /// Removes a change that was not made.
    private func withdraw(_ entry: ChangeLog.Entry) {
        try? PendingChange.clear(files)
        try? log.settle(entry, as: .notMade)
    }

    private func retain(_ entry: ChangeLog.Entry, as outcome: ChangeLog.Outcome) throws {
        do throws(KernelError) { try log.settle(entry, as: outcome) } catch {
            throw ChangeError(
                .failure, "applied, but cannot save the change for the next boot: \(error): apply again")
        }
    }
}
