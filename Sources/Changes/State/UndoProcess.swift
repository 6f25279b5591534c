public import Kernel
internal import Rulesets
public import System

/// The process that undoes a change which nobody confirms: one that does it, and a standby for the case that it is killed.
public struct UndoProcess {
    private let state: RulesetState
    private let openStore: () throws(KernelError) -> any RulesetStore

    /// Who holds this lock is to do it.
    static let lockName = "undo.lock"
    /// Milliseconds between two looks at what is pending.
    private static let interval: Int64 = 200
    /// Milliseconds between two attempts when it fails.
    private static let pause: Int64 = 1000
    /// Failures after which the next one is announced again.
    private static let silence = 300

    /// A process for what is pending in the state, of the ruleset that `openStore` opens.
    public init(_ state: RulesetState, openStore: @escaping () throws(KernelError) -> any RulesetStore) {
        self.state = state
        self.openStore = openStore
    }

    /// Starts one that cares for what is pending in a directory; it goes on when this process ends.
    static func start(in directory: String) throws(KernelError) -> DetachedProcess {
        try DetachedProcess(arguments: ["undo", "--state-dir", directory])
    }

    /// Waits until nothing is pending any more, or until it is time to undo it.
    public func run() throws {
        DetachedProcess.closeInherited()
        Signals.outliveSession()
        var lock = try takeLock()
        var known = try state.pending()
        // Read now: later the disk may have failed.
        let previous = known == nil ? nil : try state.previousTable()
        var standby = lock == nil ? nil : try? Self.start(in: state.files.directory)
        DetachedProcess.sayReady()
        var (isTerminated, isPutBack, failures) = (false, false, 0)
        while let pending = known {
            if lock == nil { lock = try? takeLock() }
            if lock != nil {
                if standby?.isRunning != true { standby = try? Self.start(in: state.files.directory) }
                if isTerminated || state.remaining(pending) <= 0 {
                    if undo(pending, to: previous, isTerminated, &isPutBack, failures) { return }
                    failures += 1
                    _ = Signals.waitForTermination(milliseconds: Self.pause)
                }
            }
            let wait = min(Self.interval, max(1, state.remaining(pending)))
            // The standby outlives whoever ends the session.
            isTerminated = Signals.waitForTermination(milliseconds: wait) && lock != nil || isTerminated
            known = current(pending)
        }
    }

    /// The change as it is pending now, and as it was known where that cannot be read; `nil` once it is settled.
    private func current(_ known: PendingChange) -> PendingChange? {
        // Another change has processes of its own.
        do { return try state.pending().flatMap { $0.number == known.number ? $0 : nil } } catch {
            return (try? state.isSettled(known)) == true ? nil : known
        }
    }

    private func takeLock() throws(KernelError) -> FileLock? {
        try state.files.lock(Self.lockName)
    }

    /// Undoes what is pending; `false` when it has to be tried again.
    ///
    /// A table that was put back but could not be noted down is not put back again: somebody may be mending the host.
    private func undo(
        _ known: PendingChange, to previous: Table?, _ isTerminated: Bool, _ isPutBack: inout Bool, _ failures: Int
    ) -> Bool {
        do {
            let lock = try state.lock()
            defer { withExtendedLifetime(lock) {} }
            guard let pending = current(known) else { return true }
            // Somebody may have given it more time meanwhile.
            guard isTerminated || state.remaining(pending) <= 0 else { return false }
            if !isPutBack {
                let store = try openStore()
                store.cacheSets(in: state.files.directory)
                // What was granted and has ended since does not come back with the rest.
                let grants = (try? state.grants()) ?? GrantBook()
                try TableWriter.insist(on: previous, in: store, carrying: grants)
                isPutBack = true
                state.host.announce(
                    "change \(pending.number) was not confirmed: the ruleset before it is live again")
            }
            try state.close(pending)
            return true
        } catch {
            let what = isPutBack ? "that it was undone could not be kept" : "it could not be undone"
            if failures % Self.silence == 0 {
                state.host.announce("change \(known.number) was not confirmed, and \(what): \(error)")
            }
            return false
        }
    }
}
