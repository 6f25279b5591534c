internal import Compiler
public import Kernel
internal import Policies
internal import Rulesets
public import System

/// What is kept of one ruleset between runs: its changes, and the one that waits to be confirmed.
public struct RulesetState {
    /// The files of its directory.
    public let files: StateFiles
    /// The changes.
    public let log: ChangeLog
    /// The host that it is of.
    let host: ChangeHost

    /// Two commands do not change state at the same time.
    private static let lockName = "lock"
    /// How long to wait for the other, in milliseconds.
    private static let patience = 15_000

    /// The state that is kept in a directory, which is made where it is missing.
    ///
    /// - Parameters:
    ///   - location: the directory.
    ///   - host: the host.
    ///   - isBoot: whether the state is only read, to load what was confirmed.
    /// - Throws: what keeps it from being used: except at a boot, also a missing identity of the boot and the namespace.
    public init(at location: StateLocation, on host: ChangeHost, isBoot: Bool = false) throws(KernelError) {
        self.host = host
        if !isBoot { _ = try host.knownIdentity() }
        files = try location.open()
        log = ChangeLog(files: files)
    }

    /// The same for those who only look; `nil` where nothing was ever kept.
    public init?(existingAt location: StateLocation, on host: ChangeHost) throws(KernelError) {
        guard StateFiles.exists(location.directory) else { return nil }
        try self.init(at: location, on: host)
    }

    /// Keeps others from changing it while the lock lives.
    public func lock() throws -> FileLock {
        let lock = try files.lock(Self.lockName, patience: Self.patience)
        guard let lock else {
            throw ChangeError(.failure, "another portreeve is at work on \(files.directory): nothing was changed")
        }
        return lock
    }

    /// What waits to be confirmed.
    ///
    /// A command that was killed just after it confirmed or undid a change leaves its files; the change is settled all the same.
    public func pending() throws -> PendingChange? {
        guard let pending = try PendingChange.load(from: files) else { return nil }
        let isOpen = try log.entries().contains { $0.number == pending.number && $0.outcome == .prepared }
        return isOpen ? pending : nil
    }

    /// Milliseconds until a change undoes itself; negative when it should have.
    public func remaining(_ pending: PendingChange) -> Int64 { pending.deadline - host.uptime() }

    /// Finishes what others had to leave, with the lock held: what is overdue is undone, what was interrupted is sorted out.
    ///
    /// - Returns: what was found.
    @discardableResult
    public func settle(_ store: any RulesetStore) throws -> [Settlement] {
        guard let pending = try pending() else { return try settleInterrupted(store) }
        if pending.identity != host.identity() {
            try close(pending)
            return [.lostInRestart(change: pending.number)]
        }
        guard remaining(pending) <= 0 else { return [] }
        try undo(pending, store)
        return [.undone(change: pending.number)]
    }

    /// A command that was killed leaves a change that was made or not: the live table tells.
    private func settleInterrupted(_ store: any RulesetStore) throws -> [Settlement] {
        let entries = try log.entries().filter { $0.outcome == .prepared }
        guard !entries.isEmpty else { return [] }
        // What is not live since a boot need not have been made before it, nor what cannot be read.
        let records = entries.map { ($0, try? log.record($0)) }
        let live = try store.snapshot(of: Names.table, expecting: records.compactMap { $1?.table }).table
        let grants = try self.grants()
        return try records.map { entry, record in
            if let record, record.kind.keepsTable { return try settle(entry, record, grants, live) }
            let isLive =
                record.map { record in
                    record.identity == host.identity() && grants.target(record.table, onto: live) == live
                } ?? false
            try log.settle(entry, as: isLive ? .confirmed : .undone)
            return isLive ? .made(change: entry.number) : .notMade(change: entry.number)
        }
    }

    /// Puts the table back that was live before, and says so in the log of changes.
    func undo(_ pending: PendingChange, _ store: any RulesetStore) throws {
        try TableWriter.insist(on: previousTable(), in: store, carrying: (try? grants()) ?? GrantBook())
        try close(pending)
    }

    /// The table to which what is pending is undone: as it was kept, else that of the last confirmed change.
    func previousTable() throws -> Table? {
        do { return try PendingChange.previous(in: files) } catch {
            guard let last = try log.lastConfirmed() else { throw error }
            return try log.record(last).table
        }
    }

    /// Whether the log says that a change does not wait any more.
    func isSettled(_ pending: PendingChange) throws -> Bool {
        try log.entries().contains { $0.number == pending.number && $0.outcome != .prepared }
    }

    /// Ends the waiting for a change that is not to stay.
    func close(_ pending: PendingChange) throws {
        if let entry = try log.entries().last(where: { $0.number == pending.number && $0.outcome == .prepared }) {
            try log.settle(entry, as: .undone)
        }
        try PendingChange.clear(files)
    }

    /// Ends the waiting for a change that is to stay.
    func confirm(_ pending: PendingChange) throws {
        try log.settle(try log.entry(pending.number), as: .confirmed)
        try PendingChange.clear(files)
        try end(try grants(), notIn: try log.record(log.entry(pending.number)).table)
    }

    /// Sets the time from which a change undoes itself, in milliseconds from now.
    public func rearm(_ known: PendingChange, within milliseconds: Int64) throws {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        guard var pending = try self.pending(), pending.number == known.number else {
            throw ChangeError(
                .failure, "change \(known.number) does not wait any more: \"portreeve history\" says what became of it")
        }
        pending.deadline = host.uptime() + milliseconds
        try pending.store(in: files)
        // Those that wait for it already see the new time.
        let isFree = try files.lock(UndoProcess.lockName) != nil
        if isFree { try host.arm(files.directory) }
    }

    /// What waits to be confirmed of the ruleset that the calling thread works on, and the seconds that are left; `nil` for
    /// nothing.
    public func waiting() throws -> (pending: PendingChange, seconds: Int64)? {
        guard let pending = try pending(), pending.identity == host.identity() else { return nil }
        return (pending, max(0, remaining(pending) / 1000))
    }

    /// Refuses to go on where a change of the ruleset that the calling thread works on waits to be confirmed.
    public func requireNoneWaiting() throws {
        guard let pending = try pending(), remaining(pending) > 0, pending.identity == host.identity() else { return }
        throw refusal(pending)
    }

    /// Says that a change is pending, where something else was asked for.
    public func refusal(_ pending: PendingChange) -> ChangeError {
        let seconds = max(0, remaining(pending) / 1000)
        return ChangeError(
            .refused,
            "change \(pending.number) waits to be confirmed, and undoes itself in \(TimeSpan(seconds: seconds).text): "
                + "run \"portreeve confirm\" to keep it or \"portreeve rollback\" to undo it now")
    }
}
