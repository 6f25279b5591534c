internal import Kernel
internal import Listeners
internal import Policies

/// Keeps a change from shutting out the people who make it.
///
/// The rulesets as they would be are evaluated for the connections over which they work, and for new connections from
/// the same addresses: who loses the first on the way needs the second.
struct LockoutGuard {
    private let host: Host
    private let console: Console
    /// Whether a refusal is a warning.
    private let isForced: Bool

    init(_ host: Host, _ console: Console, force: Bool) {
        self.host = host
        self.console = console
        isForced = force
    }

    /// Returns when a change shuts out nobody who works here, or when that is forced; warns of what is not certain.
    ///
    /// - Parameters:
    ///   - change: the change.
    ///   - store: where the tables of others are read; what others commit meanwhile, the commit finds out.
    /// - Throws: `refused`, with the rule that would shut somebody out; what keeps the tables from being read.
    func allow(_ change: RulesetChange, in store: any RulesetStore) throws {
        let admins = host.admins()
        if let doubt = admins.doubt { warn("who works on this host could not be found out: \(doubt)") }
        guard !admins.sessions.isEmpty else { return }
        let others = try WholeRuleset.others(store)
        let trial = LockoutTrial(
            before: (change.snapshot.table.map { [$0] } ?? []) + others,
            after: (change.target.map { [$0] } ?? []) + others,
            policy: change.policy, now: host.now)
        let outcomes = trial.outcomes(for: admins.sessions)
        for outcome in outcomes where !outcome.isLockout { warn(outcome.text) }
        let lockouts = outcomes.filter(\.isLockout)
        guard !lockouts.isEmpty else { return }
        let text = lockouts.map(\.text).joined(separator: "\n")
        guard isForced else {
            throw CommandError(.refused, "this would lock you out, and nothing was changed: \(text)\n  or pass --force")
        }
        warn("this locks you out, and is forced: \(text)")
    }

    private func warn(_ text: String) { console.note("portreeve: warning: \(text)") }
}
