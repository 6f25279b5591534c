public import Kernel
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

    /// Whether a pending change of the calling thread's ruleset should have been undone already.
    public func isOverdue(_ pending: PendingChange) -> Bool {
        remaining(pending) <= 0 && pending.identity == host.identity()
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
