internal import Compiler
public import Kernel
internal import Policies
internal import Rulesets
public import System

/// The saved state of one ruleset: its changes, and the pending one.
public struct RulesetState {
    /// The files of the state directory.
    public let files: StateFiles
    /// The changes.
    public let log: ChangeLog
    /// The host.
    let host: ChangeHost

    /// The lock that prevents two commands from changing the state at the same time.
    private static let lockName = "lock"
    /// The time to wait for the lock, in milliseconds.
    private static let patience = 15_000

    /// Opens the state of a directory, and creates the directory if it is missing.
    ///
    /// - Parameters:
    ///   - location: the directory.
    ///   - host: the host.
    ///   - isBoot: whether the state is only read, to load the confirmed table.
    /// - Throws: any error that makes the state unusable; a missing identity of boot and namespace, except at boot.
    public init(at location: StateLocation, on host: ChangeHost, isBoot: Bool = false) throws(KernelError) {
        self.host = host
        if !isBoot { _ = try host.knownIdentity() }
        files = try location.open()
        log = ChangeLog(files: files, warn: host.warn)
    }

    /// Opens the state for a command that only reads; `nil` if nothing was ever saved.
    public init?(existingAt location: StateLocation, on host: ChangeHost) throws(KernelError) {
        guard StateFiles.exists(location.directory) else { return nil }
        try self.init(at: location, on: host)
    }

    /// Takes the lock; other commands cannot change the state while it lives.
    public func lock() throws -> FileLock {
        let lock = try files.lock(Self.lockName, patience: Self.patience)
        guard let lock else {
            throw ChangeError(.failure, "another portreeve is using \(files.directory); nothing was changed: try again")
        }
        return lock
    }

    /// The pending change.
    ///
    /// The files of a change whose command was killed after settling it are ignored.
    public func pending() throws -> PendingChange? {
        guard let pending = try PendingChange.load(from: files) else { return nil }
        let isOpen = try log.entries().contains { $0.number == pending.number && $0.outcome == .prepared }
        return isOpen ? pending : nil
    }

    /// Milliseconds until the change is undone; negative if that is overdue.
    public func remaining(_ pending: PendingChange) -> Int64 { pending.deadline - host.uptime() }

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

    /// Whether a pending change of the calling thread's ruleset should have been undone already.
    public func isOverdue(_ pending: PendingChange) -> Bool {
        remaining(pending) <= 0 && pending.identity == host.identity()
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

    /// Sets the deadline of a pending change, in seconds from now, while the lock is held.
    func extend(_ pending: PendingChange, by seconds: Int64, now: Int64) throws {
        var pending = pending
        pending.deadline = host.uptime() + seconds * 1000
        pending.moment = now + seconds
        try pending.store(in: files)
        // The undo processes already see the new deadline.
        let isFree = try files.lock(UndoProcess.lockName) != nil
        if isFree { try host.arm(files.directory) }
    }
}
