public import Kernel
public import Listeners
internal import Policies
internal import System

/// Keeps a change from shutting out the people who make it.
///
/// The rulesets as they would be are evaluated for the connections over which they work, and for new connections from
/// the same addresses: who loses the first on the way needs the second.
public struct LockoutGuard {
    /// Something that keeps nobody from making the change, and that the user should know.
    public enum Warning {
        /// The admin sessions could not be found, or not all of them; why.
        case unknownSessions(String)
        /// A session that does not get through, or may not, and that the change does not shut out.
        case outcome(LockoutOutcome)
        /// Sessions that the change shuts out, which is forced.
        case forced([LockoutOutcome])
    }

    private let admins: () -> AdminSessions
    private let now: Int64
    private let isForced: Bool
    private let warn: (Warning) -> Void

    /// A guard.
    ///
    /// - Parameters:
    ///   - admins: finds the admin sessions.
    ///   - force: whether a lockout is a warning.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - warn: takes warnings.
    public init(
        _ admins: @escaping () -> AdminSessions, force: Bool, now: Int64, warn: @escaping (Warning) -> Void
    ) {
        self.admins = admins
        self.now = now
        self.warn = warn
        isForced = force
    }

    /// Returns when a change shuts out no admin session, or when that is forced; warns of what is not certain.
    ///
    /// - Parameters:
    ///   - change: the change.
    ///   - store: where the tables of others are read; what others commit meanwhile, the commit finds out.
    /// - Throws: `Lockout`; what keeps the tables from being read.
    public func allow(_ change: RulesetChange, in store: any RulesetStore) throws {
        let admins = admins()
        if let doubt = admins.doubt { warn(.unknownSessions(doubt)) }
        guard !admins.sessions.isEmpty else { return }
        let others = try WholeRuleset.others(store)
        let trial = LockoutTrial(
            before: (change.snapshot.table.map { [$0] } ?? []) + others,
            after: (change.target.map { [$0] } ?? []) + others,
            policy: change.policy, now: now)
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
