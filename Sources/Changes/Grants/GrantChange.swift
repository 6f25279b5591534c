internal import Compiler
internal import Kernel
internal import Policies
public import Rulesets
public import System

extension RulesetState {
    /// The grants of this ruleset.
    public func grants() throws(KernelError) -> GrantBook { try GrantBook(files, on: host) }

    /// Ends the grants of services that a table does not have.
    func end(_ grants: GrantBook, notIn table: Table?) throws(KernelError) {
        let rest = try self.grants().ending(with: table)
        if rest.records != grants.records || rest.bans.records != grants.bans.records { try rest.store(in: files) }
    }

    /// Settles a grant, a ban, or the end of one, whose command was killed.
    ///
    /// The book is saved before the commit: a saved grant that is not live was not made; a live one that is not saved
    /// any more is removed by the next change.
    func settle(
        _ entry: ChangeLog.Entry, _ record: ChangeRecord, _ grants: GrantBook, _ live: Table?
    ) throws -> Settlement {
        let own = grants.records.filter { $0.change == entry.number }
        let banned = grants.bans.records.filter { $0.change == entry.number }
        let found = banned.isEmpty ? [] : live?.bannedSources ?? []
        let isMade =
            record.kind == .revoke || record.kind == .unban || own.contains { live?.grants($0.source) == true }
            || banned.contains { $0.source.map(found.contains) == true }
        if !isMade && !(own.isEmpty && banned.isEmpty) {
            var rest = grants
            rest.records.removeAll(where: own.contains)
            rest.bans.remove(where: banned.contains)
            try rest.store(in: files)
        }
        try log.settle(entry, as: isMade ? record.kind.outcome : .notMade)
        let known = Set(grants.records.map(\.source))
        if record.kind == .revoke, live?.grantedSources.contains(where: { !known.contains($0) }) == true {
            return .notRevoked(change: entry.number)
        }
        return isMade ? .made(change: entry.number) : .notMade(change: entry.number)
    }
}

/// A change of the grants or of the bans.
struct GrantChange {
    /// `grant`, `revoke`, `ban` or `unban`.
    let kind: ChangeRecord.Kind
    /// A summary in one line.
    let summary: String
    /// The live table.
    let snapshot: TableSnapshot
    /// The grants before the change.
    let before: GrantBook
    /// The grants after it; `change` is the number of the change.
    let after: (_ change: Int) -> GrantBook
    /// The table with the grants.
    let base: Table
}

extension RulesetState {
    /// Changes the grants while the lock is held: saves the book, commits, and reads the table back.
    func make(_ change: GrantChange, in store: any RulesetStore, now: Int64) throws -> Made {
        let record = ChangeRecord(
            kind: change.kind, time: now, author: host.author(), summary: change.summary, origin: nil,
            files: [], identity: host.identity(), generation: change.snapshot.nextGeneration, archive: nil,
            until: change.until, ended: change.before.ended(in: change.after(0)))
        let entry = try savingUndo { try log.prepare(record) }
        let after = change.after(entry.number)
        change.before.warnings.forEach(host.warn)
        do {
            try savingUndo { try after.store(in: files) }
            let transaction = change.transaction(to: after)
            let generation = try TableWriter(store, grants: after).replace(
                change.snapshot, by: after.target(change.base, onto: change.fresh(after)), transaction)
            try log.settle(entry, as: change.kind.outcome)
            return Made(number: entry.number, generation: generation)
        } catch {
            let live = try? store.snapshot(of: Names.table, expecting: [change.base])
            if let live, live.table == change.snapshot.table {
                try? change.before.store(in: files)
                try? change.before.bans.store(in: files, always: true)
                try? log.settle(entry, as: .notMade)
            }
            throw error
        }
    }

    /// The table that was confirmed last; `nil` if there is none, or if it cannot be decoded.
    public func lastTable() throws(KernelError) -> Table? {
        try log.lastConfirmed().flatMap { try? log.record($0).table }
    }
}

extension GrantChange {
    /// When the new grant or ban ends, in seconds since 1970-01-01T00:00:00Z; `nil` if there is none.
    fileprivate var until: Int64? {
        let after = after(0)
        return after.records.first { $0.change == 0 }?.end ?? after.bans.records.first { $0.change == 0 }?.end
    }

    /// The change in the form that the guard checks before it is made.
    var rulesetChange: RulesetChange {
        var change = RulesetChange(snapshot: snapshot, table: base, kind: kind, summary: summary)
        change.grants = after(0)
        return change
    }

    /// The live table without the grants and bans that are renewed, so that the kernel restarts their timeouts.
    func fresh(_ after: GrantBook) -> Table? {
        after.records.filter { !before.records.contains($0) }.reduce(snapshot.table) { table, record in
            table?.withoutGrant(of: record.service, to: record.address)
        }?.withoutBans(of: after.bans.renewed(since: before.bans))
    }

    /// The steps of the transaction.
    func transaction(to after: GrantBook) -> Transaction {
        let fresh = self.fresh(after)
        var transaction = Transaction(from: snapshot.table, to: fresh, named: Names.table)
        let target = after.target(base, onto: fresh)
        transaction.operations += Transaction(from: fresh, to: target, named: Names.table).operations
        return transaction
    }
}
