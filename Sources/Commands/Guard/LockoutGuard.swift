internal import Compiler
internal import Listeners
internal import Policies
internal import Rulesets

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

    /// Returns when the candidate shuts out nobody who works here, or when that is forced; warns of what is not certain.
    ///
    /// - Parameters:
    ///   - candidate: the table that would be live; `nil` for none.
    ///   - snapshot: the one that is.
    ///   - store: where the tables of others are read; what others commit meanwhile, the commit finds out.
    ///   - policy: what the candidate was compiled from, if that is known.
    /// - Throws: `refused`, with the rule that would shut somebody out; what keeps the tables from being read.
    func allow(
        _ candidate: Table?, onto snapshot: StoredTable, of store: inout any RulesetStore, by policy: Policy?
    ) throws {
        let operators = host.operators()
        if let doubt = operators.doubt { warn("who works on this host could not be found out: \(doubt)") }
        guard !operators.sessions.isEmpty else { return }
        let others = try WholeRuleset.others(&store)
        let trial = LockoutTrial(
            before: (snapshot.table.map { [$0] } ?? []) + others, after: (candidate.map { [$0] } ?? []) + others,
            policy: policy, now: host.now)
        let outcomes = trial.outcomes(for: operators.sessions)
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
