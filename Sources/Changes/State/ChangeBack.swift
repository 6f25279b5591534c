internal import Compiler
public import Kernel
internal import Rulesets
internal import System

/// A change back to what an earlier one made.
public struct ChangeBack {
    /// The number of the earlier change.
    public let number: Int
    /// What is kept of it.
    public let record: ChangeRecord
    /// The change to it.
    public let change: RulesetChange

    /// A change back to that of a number, or to the one before the last that was confirmed.
    ///
    /// - Throws: `failure` where there is none, or it made no table.
    public init(to number: Int?, of state: RulesetState, in store: any RulesetStore) throws {
        let entry = try number.map(state.log.entry) ?? Self.previous(state.log)
        record = try state.log.record(entry)
        guard !record.kind.keepsTable else {
            throw ChangeError(
                .failure, "change \(entry.number) let somebody in for a time, or not any longer, and made no table")
        }
        let snapshot = try store.snapshot(of: Names.table, expecting: record.table.map { [$0] } ?? [])
        self.number = entry.number
        change = RulesetChange(
            snapshot: snapshot, table: record.table, kind: .rollback, summary: "back to change \(entry.number)",
            origin: entry.number, files: record.files, grants: try state.grants())
    }

    /// The change before the one that is live.
    private static func previous(_ log: ChangeLog) throws -> ChangeLog.Entry {
        let confirmed = try log.entries().filter { $0.outcome == .confirmed }
        guard confirmed.count > 1 else {
            throw ChangeError(.failure, "there is no earlier change: \"portreeve history\" lists those there are")
        }
        return confirmed[confirmed.count - 2]
    }
}
