internal import Compiler
public import Kernel
public import Policies
internal import Rulesets
internal import System

/// A change that restores the table of an earlier one.
public struct ChangeBack {
    /// The number of the earlier change.
    public let number: Int
    /// The record of the earlier change.
    public let record: ChangeRecord
    /// The change that restores its table.
    public let change: RulesetChange

    /// Goes back to the change of this number, or to the one before the last confirmed change.
    ///
    /// - Throws: `failure` if there is none, or if it made no table.
    public init(to number: Int?, of state: RulesetState, in store: any RulesetStore) throws {
        let entry = try number.map(state.log.entry) ?? Self.previous(state.log)
        record = try state.log.record(entry)
        guard !record.kind.keepsTable else {
            throw ChangeError(
                .failure, "change \(entry.number) \(record.kind.deed), and has no table to go back to")
        }
        let snapshot = try store.snapshot(of: Names.table, expecting: record.table.map { [$0] } ?? [])
        self.number = entry.number
        change = RulesetChange(
            snapshot: snapshot, table: record.table, kind: .rollback, summary: "back to change \(entry.number)",
            origin: entry.number, files: record.files, grants: try state.grants())
    }

    /// The policy of the earlier change; `nil` if it had none, or if this version of portreeve cannot read it.
    public func policy(_ options: ReadingOptions) -> Policy? {
        record.files.isEmpty ? nil : RecordedFiles(record.files).policy(options)
    }

    /// The newest change before this one that left another table; `nil` if there is none.
    public func earlierDifference(in log: ChangeLog) throws -> Int? {
        let earlier = try log.entries().filter { $0.number < number && $0.outcome.isInForce }
        return try earlier.reversed().first { try log.record($0).table != record.table }?.number
    }

    /// The change before the last one that a person made: its lists were renewed since.
    private static func previous(_ log: ChangeLog) throws -> ChangeLog.Entry {
        let confirmed = try log.entries().filter(\.outcome.isInForce)
        guard let last = confirmed.lastIndex(where: { $0.outcome == .confirmed }), last > 0 else {
            throw ChangeError(
                .failure,
                confirmed.isEmpty
                    ? "there is no earlier change: nothing was applied yet"
                    : "there is no earlier change: \"portreeve remove\" takes the table out, and \"portreeve apply\" loads the policy file"
            )
        }
        return confirmed[last - 1]
    }
}

extension ChangeRecord.Kind {
    /// The deed of a change that has no table.
    fileprivate var deed: String {
        switch self {
        case .ban, .unban: "made or ended a ban"
        default: "made or ended a grant"
        }
    }
}
