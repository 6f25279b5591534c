internal import Compiler
public import Kernel
internal import Policies
internal import Rulesets
public import System

/// A plan in a file: the exact table to load, and the ruleset for which it was made.
public struct ReviewedPlan {
    /// The ruleset.
    let identity: RulesetIdentity
    /// The generation of the ruleset.
    let generation: UInt32
    /// When the plan was made, in seconds since 1970-01-01T00:00:00Z.
    public let time: Int64
    /// The author.
    public let author: Author
    /// A summary in one line.
    let summary: String
    /// The text shown to the user.
    public let text: String
    /// The policy, its includes and its lists.
    let files: [ChangeRecord.File]
    /// The table to load, without grants.
    let table: Table

    static let documentKind = "plan"

    /// Keeps a plan as it was shown.
    ///
    /// - Parameters:
    ///   - plan: the planned change.
    ///   - text: what was shown.
    ///   - record: the change that is in force, for the summary; `nil` if none is known.
    ///   - now: the time of the plan, in seconds since 1970-01-01T00:00:00Z.
    ///   - host: the host.
    /// - Throws: an error if a later change of the ruleset could not be detected.
    public init(
        _ plan: PlannedChange, text: String, since record: @autoclosure () -> AppliedRecord?, now: Int64,
        on host: ChangeHost
    ) throws(KernelError) {
        identity = try host.knownIdentity()
        generation = plan.ruleset.generation
        time = now
        author = host.author()
        summary = plan.summary(since: record())
        self.text = text
        files = plan.policy.recordedFiles
        table = plan.table
    }

    /// The planned change, if the ruleset is still the same.
    ///
    /// - Throws: `changedUnderneath` if it is not; any error in reading the table.
    public func change(of store: any RulesetStore, carrying grants: GrantBook, on host: ChangeHost) throws
        -> RulesetChange
    {
        let snapshot = try store.snapshot(of: Names.table, expecting: [table])
        if let difference = difference(from: try host.knownIdentity(), snapshot.generation) {
            throw ChangeError(
                .changedUnderneath, "the plan was made \(difference); nothing was changed: make and review a new plan")
        }
        return RulesetChange(
            snapshot: snapshot, table: table, kind: .apply, summary: summary, files: files, grants: grants)
    }

    /// How the ruleset differs from that of the plan; `nil` if it is the same.
    private func difference(from live: RulesetIdentity, _ number: UInt32) -> String? {
        if live.boot != identity.boot { return "on another host, or before this host was rebooted" }
        if live.namespace != identity.namespace { return "in another network namespace" }
        guard number != generation else { return nil }
        return "at generation \(generation) of the ruleset, which is now at \(number)"
    }
}
