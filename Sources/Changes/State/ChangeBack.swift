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
    /// The rollback that this one reverts, as the last change was one and none was named; `nil` otherwise.
    public let reverted: Reverted?

    /// A rollback that another one reverts.
    public struct Reverted {
        /// Its number.
        public let number: Int
        /// The newest change that left another table before the one it went back to; `nil` if there is none.
        public let earlier: Int?
    }

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
        reverted = number == nil ? try Self.reverted(state.log) : nil
    }

    /// The policy of the earlier change; `nil` if it had none, or if this version of portreeve cannot read it.
    public func policy(_ options: ReadingOptions) -> Policy? {
        record.files.isEmpty ? nil : RecordedFiles(record.files).policy(options)
    }

    /// The newest change before this one that left another table; `nil` if there is none.
    public func earlierDifference(in log: ChangeLog) throws -> Int? {
        try Self.earlier(than: number, differingFrom: record.table, in: log)
    }

    private static func earlier(than number: Int, differingFrom table: Table?, in log: ChangeLog) throws -> Int? {
        let earlier = try log.entries().filter { $0.number < number && $0.outcome.isInForce }
        return try earlier.reversed().first { try log.record($0).table != table }?.number
    }

    /// The last change, if that is a rollback.
    private static func reverted(_ log: ChangeLog) throws -> Reverted? {
        guard let last = try log.entries().last(where: \.outcome.isInForce) else { return nil }
        let record = try log.record(last)
        guard record.kind == .rollback, let origin = record.origin else { return nil }
        return Reverted(
            number: last.number, earlier: try earlier(than: origin, differingFrom: record.table, in: log))
    }

    /// The change before the last one that a person made: its lists were renewed since.
    private static func previous(_ log: ChangeLog) throws -> ChangeLog.Entry {
        let confirmed = try log.entries().filter(\.outcome.isInForce)
        guard let last = confirmed.lastIndex(where: { $0.outcome == .confirmed }), last > 0 else {
            throw ChangeError(
                .failure,
                confirmed.isEmpty
                    ? "there is no earlier change: nothing was applied yet"
                    : "there is no earlier change: \"portreeve remove\" deletes the table, and \"portreeve apply\" loads the policy file"
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
