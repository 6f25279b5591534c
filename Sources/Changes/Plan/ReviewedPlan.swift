internal import Compiler
public import Kernel
internal import Policies
internal import Rulesets
public import System

/// A plan in a file: exactly what is to be live, and the ruleset that it was made against.
public struct ReviewedPlan {
    /// The ruleset.
    let identity: RulesetIdentity
    /// The generation that the ruleset had.
    let generation: UInt32
    /// When the plan was made, in seconds since 1970-01-01T00:00:00Z.
    public let time: Int64
    /// Who made it.
    public let author: Author
    /// What it amounts to, in one line.
    let summary: String
    /// What it says to people.
    public let text: String
    /// The policy, its includes and its lists.
    let files: [ChangeRecord.File]
    /// What is to be live, without those who are let in for a time.
    let table: Table

    static let documentKind = "plan"

    /// A plan as it was shown.
    ///
    /// - Throws: where it could never be told that the ruleset is still the same.
    public init(_ plan: PlannedChange, text: String, now: Int64, on host: ChangeHost) throws(KernelError) {
        identity = try host.knownIdentity()
        generation = plan.ruleset.generation
        time = now
        author = host.author()
        summary = plan.summary
        self.text = text
        files = plan.policy.recordedFiles
        table = plan.table
    }

    /// The change that was planned, if the ruleset is still the one that it was planned for.
    ///
    /// - Throws: `changedUnderneath` where it is not; what keeps the table from being read.
    public func change(of store: any RulesetStore, carrying grants: GrantBook, on host: ChangeHost) throws
        -> RulesetChange
    {
        let snapshot = try store.snapshot(of: Names.table, expecting: [table])
        if let difference = difference(from: try host.knownIdentity(), snapshot.generation) {
            throw ChangeError(
                .changedUnderneath, "the plan was made \(difference): nothing was changed; make it anew, and review it")
        }
        return RulesetChange(
            snapshot: snapshot, table: table, kind: .apply, summary: summary, files: files, grants: grants)
    }

    /// In what the ruleset is another one than that of the plan; `nil` where it is the same.
    private func difference(from live: RulesetIdentity, _ number: UInt32) -> String? {
        if live.boot != identity.boot { return "on another host, or before this one was started" }
        if live.namespace != identity.namespace { return "in another network namespace" }
        guard number != generation else { return nil }
        return "at generation \(generation) of the ruleset, which is at \(number) now"
    }
}
