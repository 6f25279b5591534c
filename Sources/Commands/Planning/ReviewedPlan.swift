internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets
internal import System

/// A plan in a file: exactly what is to be live, and the ruleset that it was made against.
struct ReviewedPlan {
    /// The ruleset.
    let identity: RulesetIdentity
    /// The generation that the ruleset had.
    let generation: UInt32
    /// When the plan was made, in seconds since 1970-01-01T00:00:00Z.
    let time: Int64
    /// Who made it.
    let author: Author
    /// What it amounts to, in one line.
    let summary: String
    /// What it says to people.
    let text: String
    /// The policy, its includes and its lists.
    let files: [ChangeRecord.File]
    /// What is to be live, without those who are let in for a time.
    let table: Table

    static let documentKind = "plan"

    /// A plan as it was shown.
    init(_ plan: PlannedChange, text: String, on host: Host) {
        identity = host.changes.identity()
        (generation, time, author) = (plan.ruleset.generation, host.now, host.changes.author())
        (summary, self.text, files, table) = (plan.record, text, plan.policy.recordedFiles, plan.table)
    }

    /// Does exactly what was planned, if the ruleset is still the one that it was planned for.
    ///
    /// - Throws: `changedUnderneath` where it is not; what keeps a change from being made.
    func apply(on host: Host, _ kernel: KernelOptions, _ maker: ChangeMaker) throws -> ExitStatus {
        let store = try host.openStore(kernel.netns)
        store.cacheSets(in: kernel.stateDirectory(on: host))
        let snapshot = try store.snapshot(of: Names.table, expecting: [table])
        if let difference = difference(from: host.changes.identity(), snapshot.generation) {
            throw CommandError(
                .changedUnderneath, "the plan was made \(difference): nothing was changed; make it anew, and review it")
        }
        let change = RulesetChange(
            snapshot: snapshot, table: table, kind: .apply, summary: summary, files: files,
            grants: GrantBook(existing: kernel, on: host))
        if change.transaction.isEmpty { return try maker.keep(change, in: store) }
        return try maker.make(change, in: store, question: "apply this to table \(Names.table)?") {
            "the plan of \(UTCTime.text(time)) by \(author.text):\n\(text)"
        }
    }

    /// In what the ruleset is another one than that of the plan; `nil` where it is the same.
    private func difference(from live: RulesetIdentity, _ number: UInt32) -> String? {
        if live.boot != identity.boot { return "on another host, or before this one was started" }
        if live.namespace != identity.namespace { return "in another network namespace" }
        guard number != generation else { return nil }
        return "at generation \(generation) of the ruleset, which is at \(number) now"
    }
}
