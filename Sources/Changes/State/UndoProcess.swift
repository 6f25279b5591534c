internal import Glibc
public import Kernel
internal import Rulesets
public import System

/// The process that undoes an unconfirmed change.
///
/// systemd, where it is the first process, runs it as a unit of its own and starts it again if it is killed. Elsewhere it
/// is a process in a session of its own, with a standby in case it is killed.
public struct UndoProcess {
    private let state: RulesetState
    private let openStore: () throws(KernelError) -> any RulesetStore

    /// The holder of this lock does the undo.
    static let lockName = "undo.lock"
    /// Milliseconds between two checks of the pending change.
    private static let interval: Int64 = 200
    /// Milliseconds between two attempts after a failure.
    private static let pause: Int64 = 1000
    /// The number of failures after which the next one is announced again.
    private static let silence = 300

    /// A process for the pending change of the state, whose ruleset `openStore` opens.
    public init(_ state: RulesetState, openStore: @escaping () throws(KernelError) -> any RulesetStore) {
        self.state = state
        self.openStore = openStore
    }

    /// Arms the undo of the pending change of a directory; returns once it is ready.
    ///
    /// The undo outlives this process. A unit of systemd outlives the login session, too; without one, a login manager that ends
    /// what the session leaves behind (`KillUserProcesses=` of logind.conf(5)) has the change undone at once.
    ///
    /// - Parameters:
    ///   - directory: the state directory.
    ///   - warn: gets a warning if there is no unit although systemd runs.
    /// - Throws: `io` if no process can be started.
    static func arm(in directory: String, _ warn: (_ text: String) -> Void) throws(KernelError) {
        if ServiceManager.isRunning, let properties = unitProperties {
            do throws(KernelError) { return try startUnit(for: directory, properties) } catch {
                warn("the change is undone at once if systemd ends the processes of this login session: \(error)")
            }
        }
        _ = try start(in: directory)
    }

    /// The properties of a unit in this network namespace; `nil` if the manager has no lasting name for it.
    private static var unitProperties: [String]? {
        if RulesetIdentity.isHost { return [] }
        return NetworkNamespace.currentNames.first.map { ["NetworkNamespacePath=\(NetworkNamespace.path(named: $0))"] }
    }

    private static func startUnit(for directory: String, _ properties: [String]) throws(KernelError) {
        let unit = "portreeve-undo-\(getpid()).service"
        try ServiceManager.start(
            unit, "Undo the change of the port policy in \(directory) unless it is confirmed",
            arguments: arguments(directory), properties: properties)
        // The unit reads the directory as the first process of the host sees it, which may be another one.
        guard try StateFiles(directory: directory).lock(lockName) == nil else {
            throw KernelError(.io, "starting unit \(unit)", answer: "it does not see \(directory) as this command does")
        }
    }

    private static func start(in directory: String) throws(KernelError) -> DetachedProcess {
        try DetachedProcess(arguments: arguments(directory))
    }

    private static func arguments(_ directory: String) -> [String] { ["undo", "--state-dir", directory] }

    /// Waits until the change is settled, or until it is time to undo it.
    public func run() throws {
        let isUnit = ServiceManager.isSupervising
        if !isUnit { DetachedProcess.closeInherited() }
        Signals.outliveSession()
        var lock = try takeLock()
        var known = try state.pending()
        // The table is read now, since the disk may fail later.
        let previous = known == nil ? nil : try state.previousTable()
        var standby = lock == nil || isUnit ? nil : try? Self.start(in: state.files.directory)
        if isUnit { ServiceManager.sayReady() } else { DetachedProcess.sayReady() }
        var (isTerminated, isPutBack, failures) = (false, false, 0)
        while let pending = known {
            if lock == nil { lock = try? takeLock() }
            if lock != nil {
                if !isUnit, standby?.isRunning != true { standby = try? Self.start(in: state.files.directory) }
                if isTerminated || state.remaining(pending) <= 0 {
                    switch undo(pending, to: previous, isTerminated, &isPutBack, failures) {
                    case .over: return
                    case .early: break
                    case .failed:
                        failures += 1
                        _ = Signals.waitForTermination(milliseconds: Self.pause)
                    }
                }
            }
            let wait = min(Self.interval, max(1, state.remaining(pending)))
            // A session of its own, so that the standby survives the end of the login session.
            isTerminated = Signals.waitForTermination(milliseconds: wait) && lock != nil || isTerminated
            known = current(pending)
        }
    }

    /// The pending change as it is saved now, or as it was if it cannot be read; `nil` once it is settled.
    private func current(_ known: PendingChange) -> PendingChange? {
        // A newer change has its own processes.
        do { return try state.pending().flatMap { $0.number == known.number ? $0 : nil } } catch {
            return (try? state.isSettled(known)) == true ? nil : known
        }
    }

    private func takeLock() throws(KernelError) -> FileLock? {
        try state.files.lock(Self.lockName)
    }

    /// The result of an attempt to undo a change.
    private enum Attempt {
        /// It is undone, or was settled by another process.
        case over
        /// Its deadline was moved meanwhile.
        case early
        /// It must be tried again.
        case failed
    }

    /// Undoes the pending change, unless its deadline was moved.
    ///
    /// After a successful restore only the log is retried: an admin may be repairing the ruleset meanwhile.
    private func undo(
        _ known: PendingChange, to previous: Table?, _ isTerminated: Bool, _ isPutBack: inout Bool, _ failures: Int
    ) -> Attempt {
        do {
            let lock = try state.lock()
            defer { withExtendedLifetime(lock) {} }
            guard let pending = current(known) else { return .over }
            guard isTerminated || state.remaining(pending) <= 0 else { return .early }
            if !isPutBack {
                let store = try openStore()
                store.cacheSets(in: state.files.directory)
                // Grants that have ended since are not restored.
                let grants = (try? state.grants()) ?? GrantBook()
                try TableWriter.insist(on: previous, in: store, carrying: grants)
                isPutBack = true
                state.host.announce(
                    "change \(pending.number) was not confirmed: the previous ruleset was restored")
            }
            try state.close(pending, as: .timedOut)
            return .over
        } catch {
            let what = isPutBack ? "it was undone, but that could not be saved" : "it could not be undone"
            if failures % Self.silence == 0 {
                state.host.announce("change \(known.number) was not confirmed, and \(what): \(error)")
            }
            return .failed
        }
    }
}
