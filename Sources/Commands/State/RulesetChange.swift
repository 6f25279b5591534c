internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets

/// A change of the ruleset that is about to be made.
struct RulesetChange {
    /// What is live.
    var snapshot: StoredTable
    /// What is to be live.
    var table: Table?
    /// What to do.
    var kind: ChangeRecord.Kind
    /// What it amounts to, in one line.
    var summary: String
    /// The change whose table is taken again.
    var origin: Int?
    /// What it was compiled from, if that is at hand.
    var policy: Policy?
    /// The policy, its includes and its lists, where they are kept with an earlier change.
    var files: [ChangeRecord.File] = []

    /// The steps from the one to the other.
    var transaction: Transaction { Transaction(from: snapshot.table, to: table, named: Names.table) }
}

extension RulesetState {
    /// What was made.
    struct Made {
        let number: Int
        let generation: UInt32
    }

    /// Makes a change: kept on disk before it is made, read back afterwards, and undone later unless somebody confirms it.
    ///
    /// - Parameters:
    ///   - change: the change.
    ///   - store: where it is made.
    ///   - host: where it is made, too.
    ///   - span: the time within which it must be confirmed; `nil` when it need not be.
    ///   - note: takes sentences about what others left.
    /// - Returns: its number, and the generation that it made.
    /// - Throws: what kept it from being made, or from being known to be.
    func make(
        _ change: RulesetChange, in store: any RulesetStore, on host: Host, confirmedWithin span: TimeSpan?,
        note: (String) -> Void
    ) throws -> Made {
        let lock: StateLock = try unchanged { try self.lock() }
        defer { withExtendedLifetime(lock) {} }
        try settle(store).forEach(note)
        if let pending = try pending() { throw refusal(pending) }
        let entry = try unchanged { try log.prepare(record(of: change, on: host)) }
        if let span {
            try withdrawing(entry, ifFailed: store, change) { try arm(entry, change, span, on: host) }
        }
        let generation = try withdrawing(entry, ifFailed: store, change) {
            try TableWriter(store).replace(change.snapshot, by: change.table, change.transaction)
        }
        if span == nil { try keep(entry) }
        return Made(number: entry.number, generation: generation)
    }

    /// Keeps what is live on disk where it is not: the directory was emptied, or the table was loaded by somebody else.
    func adopt(_ change: RulesetChange, on host: Host) throws {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        if let pending = try pending() { throw refusal(pending) }
        let record = record(of: change, on: host)
        if let last = try log.lastConfirmed(), let kept = try? log.record(last), kept.archive == record.archive {
            return
        }
        try log.settle(try log.prepare(record), as: .confirmed)
    }

    /// What `body` gives; that it could not keep something says also that nothing was changed.
    private func unchanged<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as StoreError {
            throw CommandError(
                .failure,
                "\(error.message): what cannot be undone is not done, and nothing was changed; "
                    + "make room, or name another --state-dir")
        }
    }

    private func record(of change: RulesetChange, on host: Host) -> ChangeRecord {
        ChangeRecord(
            kind: change.kind, time: host.now, author: host.changes.author(), summary: change.summary,
            origin: change.origin, files: change.policy?.recordedFiles ?? change.files,
            identity: host.changes.identity(),
            generation: change.snapshot.generation + (change.transaction.isEmpty ? 0 : 1),
            archive: change.table.map(TableArchive.bytes))
    }

    private func arm(_ entry: ChangeLog.Entry, _ change: RulesetChange, _ span: TimeSpan, on host: Host) throws {
        let pending = PendingChange(
            number: entry.number, deadline: host.changes.uptime() + span.seconds * 1000,
            identity: host.changes.identity())
        try pending.store(in: files, previous: change.snapshot.table)
        // What cannot be read again could not be put back.
        guard try PendingChange.previous(in: files) == change.snapshot.table else {
            throw CommandError(.failure, "what is live now could not be kept exactly as it is: nothing was changed")
        }
        try host.changes.arm(files.directory)
    }

    /// Does `body`; when it fails and the new table is not live, the change was not made and nothing waits for it.
    private func withdrawing<Value>(
        _ entry: ChangeLog.Entry, ifFailed store: any RulesetStore, _ change: RulesetChange, _ body: () throws -> Value
    ) throws -> Value {
        do { return try body() } catch {
            var store = store
            let candidates = change.snapshot.table.map { [$0] } ?? []
            // Where that cannot be known, what was armed stays armed.
            guard let live = try? store.snapshot(of: Names.table, expecting: candidates),
                !Transaction(from: live.table, to: change.table, named: Names.table).isEmpty
            else { throw error }
            try? PendingChange.clear(files)
            try? log.settle(entry, as: .undone)
            throw error
        }
    }

    private func keep(_ entry: ChangeLog.Entry) throws {
        do throws(StoreError) { try log.settle(entry, as: .confirmed) } catch {
            throw CommandError(
                .failure, "applied, but a boot would not load it: \(error.message); apply it again")
        }
    }
}

extension Policy {
    /// The files that the policy was read from.
    var recordedFiles: [ChangeRecord.File] {
        zip(files, texts).map { ChangeRecord.File(path: $0, text: $1) }
    }
}
