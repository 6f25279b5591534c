public import Kernel
public import Listeners
internal import Policies
internal import System

/// Prevents a change from shutting out the admins who make it.
///
/// Evaluates the future rulesets for the established admin sessions, and for new connections from
/// the same addresses: an admin whose session breaks must be able to reconnect.
public struct LockoutGuard {
    /// A warning; the change may proceed.
    public enum Warning {
        /// The admin sessions, or some of them, could not be found, for this reason.
        case unknownSessions(String)
        /// A session that is refused or may be refused, but not because of this change.
        case outcome(LockoutOutcome)
        /// Sessions that the change shuts out, with `--force`.
        case forced([LockoutOutcome])
    }

    private let admins: () -> AdminSessions
    private let now: Int64
    private let isForced: Bool
    private let warn: (Warning) -> Void

    /// Creates a guard.
    ///
    /// - Parameters:
    ///   - admins: finds the admin sessions.
    ///   - force: whether a lockout is only a warning.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - warn: receives warnings.
    public init(
        _ admins: @escaping () -> AdminSessions, force: Bool, now: Int64, warn: @escaping (Warning) -> Void
    ) {
        self.admins = admins
        self.now = now
        self.warn = warn
        isForced = force
    }

    /// Returns if a change shuts out no admin session, or if it is forced; warns about doubts.
    ///
    /// - Parameters:
    ///   - change: the change.
    ///   - store: the source of other tables; the commit detects changes that others make meanwhile.
    /// - Throws: `Lockout`; any error in reading the tables.
    public func allow(_ change: RulesetChange, in store: any RulesetStore) throws {
        let admins = admins()
        if let doubt = admins.doubt { warn(.unknownSessions(doubt)) }
        guard !admins.sessions.isEmpty else { return }
        let others = try WholeRuleset.neighbours(store)
        let trial = LockoutTrial(
            before: (change.snapshot.table.map { [$0] } ?? []) + others,
            after: (change.target.map { [$0] } ?? []) + others,
            policy: change.policy, circumstances: WholeRuleset.circumstances(store, now: now))
        let outcomes = trial.outcomes(for: admins.sessions)
        for outcome in outcomes where !outcome.isLockout { warn(.outcome(outcome)) }
        let lockouts = outcomes.filter(\.isLockout)
        guard !lockouts.isEmpty else { return }
        guard isForced else { throw Lockout(outcomes: lockouts) }
        warn(.forced(lockouts))
    }
}

/// A change that would shut out admin sessions; nothing was changed.
public struct Lockout: Error {
    /// The sessions.
    public let outcomes: [LockoutOutcome]
}
