internal import Compiler
public import Kernel
public import Policies
public import Rulesets
internal import System

/// A change of the ruleset that is about to be made.
public struct RulesetChange {
    /// What is live.
    public let snapshot: TableSnapshot
    /// What is to be live, without those who are let in for a time.
    public let table: Table?
    /// What to do.
    let kind: ChangeRecord.Kind
    /// What it amounts to, in one line.
    let summary: String
    /// The change whose table is taken again.
    let origin: Int?
    /// What it was compiled from, if that is at hand.
    let policy: Policy?
    /// The policy, its includes and its lists, where they are kept with an earlier change.
    let files: [ChangeRecord.File]
    /// What was planned to be live, and the steps to that.
    public var planned: (target: Table, transaction: Transaction)?
    /// Those who are let in for a time.
    public var grants: GrantBook { didSet { target = grants.target(table, onto: snapshot.table) } }

    /// What is to be live, whole.
    public private(set) var target: Table?

    /// A change from what is live to a table.
    public init(
        snapshot: TableSnapshot, table: Table?, kind: ChangeRecord.Kind, summary: String, origin: Int? = nil,
        policy: Policy? = nil, files: [ChangeRecord.File] = [], grants: GrantBook = GrantBook()
    ) {
        self.snapshot = snapshot
        self.table = table
        self.kind = kind
        self.summary = summary
        self.origin = origin
        self.policy = policy
        self.files = files
        self.grants = grants
        target = grants.target(table, onto: snapshot.table)
    }

    /// The steps from the one to the other: worked out anew, unless they are those of the plan.
    public var transaction: Transaction {
        if let planned, planned.target == target { return planned.transaction }
        return Transaction(from: snapshot.table, to: target, named: Names.table)
    }
}

extension RulesetState {
    /// What was made.
    public struct Made {
        /// The number of the change.
        public let number: Int
        /// The generation that it made.
        public let generation: UInt32
    }

    /// Makes a change: kept on disk before it is made, read back afterwards, and undone later unless somebody confirms it.
    ///
    /// - Parameters:
    ///   - change: the change.
    ///   - store: where it is made.
    ///   - span: the time within which it must be confirmed; `nil` when it need not be.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - note: takes what became of changes that others left unfinished.
    /// - Returns: its number, and the generation that it made.
    /// - Throws: what kept it from being made, or from being known to be.
    public func make(
        _ change: RulesetChange, in store: any RulesetStore, confirmedWithin span: TimeSpan?, now: Int64,
        note: (Settlement) -> Void
    ) throws -> Made {
        let lock: FileLock = try unchanged { try self.lock() }
        defer { withExtendedLifetime(lock) {} }
        try settle(store).forEach(note)
        if let pending = try pending() { throw refusal(pending) }
        var change = change
        change.grants = try unchanged { try grants() }.telling(onto: change.snapshot.table)
        let transaction = change.transaction
        let entry = try unchanged {
            try log.prepare(record(of: change, transaction, change.table.map(TableArchive.bytes), now: now))
        }
        if let span {
            do { try unchanged { try arm(entry, change, span) } } catch {
                withdraw(entry)
                throw error
            }
        }
        let generation = try commit(change, transaction, as: entry, in: store, waits: span != nil)
        if let span {
            // A big table takes seconds, which are not to be taken from those who try it.
            if var pending = try? pending() {
                pending.deadline = host.uptime() + span.seconds * 1000
                try? pending.store(in: files)
            }
        } else {
            try keep(entry)
            try end(change.grants, notIn: change.table)
        }
        return Made(number: entry.number, generation: generation)
    }

    /// Keeps what is live on disk where it is not: the directory was emptied, or the table was loaded by somebody else.
    public func adopt(_ change: RulesetChange, in store: any RulesetStore, now: Int64) throws {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        if let pending = try pending() { throw refusal(pending) }
        try settle(store)
        let last = try log.lastConfirmed()
        if let last, log.made(last, change.snapshot.generation, of: host.identity()) { return }
        var change = change
        change.grants = try grants()
        let archive = change.table.map(TableArchive.bytes)
        if let last, log.keeps(change.table, archive, with: last) { return }
        // Another command may have been quicker, and its change must stay the last.
        guard isLive(change.table, with: change.grants, in: store) else {
            throw ChangeError(.changedUnderneath, "somebody else changed the ruleset, nothing was written; plan again")
        }
        try log.settle(try log.prepare(record(of: change, change.transaction, archive, now: now)), as: .confirmed)
    }

    /// What `body` gives; that it could not keep something says also that nothing was changed.
    private func unchanged<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as KernelError {
            throw ChangeError(
                .failure,
                "\(error): what cannot be undone is not done, and nothing was changed")
        }
    }

    private func record(
        of change: RulesetChange, _ transaction: Transaction, _ archive: [UInt8]?, now: Int64
    ) -> ChangeRecord {
        ChangeRecord(
            kind: change.kind, time: now, author: host.author(), summary: change.summary,
            origin: change.origin, files: change.policy?.recordedFiles ?? change.files,
            identity: host.identity(),
            generation: change.snapshot.generation + (transaction.isEmpty ? 0 : 1),
            archive: archive)
    }

    private func arm(_ entry: ChangeLog.Entry, _ change: RulesetChange, _ span: TimeSpan) throws {
        let pending = PendingChange(
            number: entry.number, deadline: host.uptime() + span.seconds * 1000,
            identity: host.identity())
        try pending.store(in: files, previous: change.snapshot.table)
        // What cannot be read again could not be put back.
        guard try PendingChange.previous(in: files) == change.snapshot.table else {
            throw ChangeError(.failure, "what is live now could not be kept exactly as it is: nothing was changed")
        }
        try host.arm(files.directory)
    }

    /// Commits a change; when that fails, what is live tells what became of it.
    private func commit(
        _ change: RulesetChange, _ transaction: Transaction, as entry: ChangeLog.Entry, in store: any RulesetStore,
        waits: Bool
    ) throws -> UInt32 {
        let writer = TableWriter(store, grants: change.grants)
        do { return try writer.replace(change.snapshot, by: change.target, transaction) } catch {
            let isUnwritten = (error as? KernelError)?.isStale == true
            if isUnwritten || isLive(change.snapshot.table, with: change.grants, in: store) {
                withdraw(entry)
            } else if !waits && isLive(change.table, with: change.grants, in: store) {
                try? log.settle(entry, as: .confirmed)
            }
            // Where it is neither, or cannot be known, what was armed stays armed.
            throw error
        }
    }

    private func isLive(_ table: Table?, with grants: GrantBook, in store: any RulesetStore) -> Bool {
        guard let live = try? TableWriter.read(store, expecting: table) else { return false }
        return grants.current.isLive(table, in: live)
    }

    /// Forgets a change that was not made.
    private func withdraw(_ entry: ChangeLog.Entry) {
        try? PendingChange.clear(files)
        try? log.settle(entry, as: .undone)
    }

    private func keep(_ entry: ChangeLog.Entry) throws {
        do throws(KernelError) { try log.settle(entry, as: .confirmed) } catch {
            throw ChangeError(
                .failure, "applied, but a boot would not load it: \(error); apply it again")
        }
    }
}

extension Policy {
    /// The files that the policy was read from.
    var recordedFiles: [ChangeRecord.File] {
        zip(files, texts).map { ChangeRecord.File(path: $0, text: $1) }
    }
}
