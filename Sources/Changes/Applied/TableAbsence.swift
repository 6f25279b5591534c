internal import Printing
public import Kernel
public import Policies

/// Why no table of portreeve is loaded, where the history knows.
public enum TableAbsence: Equatable {
    /// A change that is not confirmed has removed it; its number.
    case removing(Int)
    /// A change has removed it; its number and the time in seconds since 1970-01-01T00:00:00Z.
    case removed(Int, Int64)
    /// It is gone without a change of portreeve, which had loaded it; the number and the time as above.
    case lost(Int, Int64)
    /// The change that loaded it was undone.
    case undone(UndoneChange)

    /// What happened, and the commands that end it.
    public var reason: String {
        switch self {
        case .removing(let number): "change \(number), which is not confirmed, removed it; \(cure)"
        case .removed(let number, let time): "change \(number) of \(UTCTime.text(time)) removed it; \(cure)"
        case .lost(let number, let time):
            "change \(number) of \(UTCTime.text(time)) loaded a table that is gone: another program deleted it, "
                + "or it was not loaded at boot; \(cure)"
        case .undone(let change): "\(change.fact); \(cure)"
        }
    }

    /// The commands that end it.
    private var cure: String {
        switch self {
        case .removing: "\"portreeve confirm\" keeps that, \"portreeve rollback\" loads the table again"
        case .removed: "\"portreeve apply\" loads the policy, \"portreeve rollback\" the previous table"
        case .lost: "\"portreeve apply\" loads the policy"
        case .undone(let change): change.cure
        }
    }
}

extension RulesetState {
    /// Why no table is loaded.
    ///
    /// - Parameters:
    ///   - store: the ruleset.
    ///   - policy: the policy in the file; `nil` if that cannot be used.
    /// - Returns: the reason; `nil` if the history says that a table should be loaded, or says nothing.
    /// - Throws: an error in reading the state.
    public func absence(in store: any RulesetStore, of policy: Policy?) throws -> TableAbsence? {
        if let waiting = try waiting(in: store) { return waiting.isRemoval ? .removing(waiting.pending.number) : nil }
        let last = try log.lastConfirmed()
        guard try last.map(hasNoTable) ?? true else { return nil }
        if let undone = try policy.flatMap(undone), undone.number > last?.number ?? 0 { return .undone(undone) }
        return try last.map { .removed($0.number, try log.record($0).time) }
    }

    /// The last change, if it loaded a table; for where none is loaded, and `absence` knows no reason.
    public func loss() -> TableAbsence? {
        guard let last = try? log.lastConfirmed(), (try? hasNoTable(last)) == false,
            let record = try? log.record(last)
        else { return nil }
        return .lost(last.number, record.time)
    }
}
