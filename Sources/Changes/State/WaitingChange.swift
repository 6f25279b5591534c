internal import Compiler
public import Kernel
internal import Policies

/// The pending change of the calling thread's ruleset, and the next step that it asks for.
public struct WaitingChange: Equatable {
    /// The change.
    public let pending: PendingChange
    /// The seconds until it is undone; 0 if that is overdue.
    public let seconds: Int64
    /// Whether it should have been undone already.
    public let isOverdue: Bool
    /// Whether the live table is not the one that the change made, so that it cannot be confirmed.
    public internal(set) var isDrifted = false
    /// Whether the change has removed the table.
    public internal(set) var isRemoval = false

    init(_ pending: PendingChange, milliseconds: Int64, isOverdue: Bool) {
        self.pending = pending
        seconds = max(0, milliseconds / 1000)
        self.isOverdue = isOverdue
    }

    /// The most seconds by which the same moment can differ by two clocks that are read in whole seconds.
    private static let rounding: Int64 = 2

    /// The moment at which it is undone, in seconds since 1970-01-01T00:00:00Z, as is `now`.
    ///
    /// It is the one that was saved with the change, so that each look at it has the same, unless the clock was set since.
    public func moment(now: Int64) -> Int64 {
        let left = now + seconds
        guard let moment = pending.moment, abs(moment - left) <= Self.rounding else { return left }
        return moment
    }

    /// The state of the change, and the next step; every command says the same.
    public var text: String { "\(fact()): \(step)" }

    /// The state of the change in a line about the host: what is in force, and the time of the undo.
    public func fact(until time: String? = nil) -> String {
        if isOverdue { return "change \(pending.number) was not confirmed in time, and its undo is overdue" }
        let state = time == nil || isDrifted ? "" : "is in force, "
        let deadline =
            "change \(pending.number) \(state)is not confirmed and will be undone in "
            + TimeSpan(seconds: seconds).text + (time.map { ", at \($0)" } ?? "")
        return isDrifted ? "\(deadline), and the table was changed since" : deadline
    }

    /// The next step.
    public var step: String {
        if isOverdue { return "run \"portreeve rollback\" to undo it now" }
        return isDrifted
            ? "run \"portreeve rollback\" to undo it, then \"portreeve apply\""
            : "run \"portreeve confirm\" to keep it, or \"portreeve rollback\" to undo it now"
    }

    /// The step that must come before the next `apply`: `"portreeve confirm" or "portreeve rollback"`.
    public var firstStep: String {
        isOverdue || isDrifted ? "\"portreeve rollback\"" : "\"portreeve confirm\" or \"portreeve rollback\""
    }
}

extension RulesetState {
    /// The pending change of the calling thread's ruleset, without a look at the live table; `nil` if there is none.
    public func waiting() throws -> WaitingChange? {
        guard let pending = try pending(), pending.identity == host.identity() else { return nil }
        return waiting(pending)
    }

    /// The pending change of the calling thread's ruleset; `nil` if there is none.
    public func waiting(in store: any RulesetStore) throws -> WaitingChange? {
        guard var waiting = try waiting() else { return nil }
        waiting.isDrifted = isDrifted(waiting.pending, in: store)
        waiting.isRemoval = try hasNoTable(log.entry(waiting.pending.number))
        return waiting
    }

    private func waiting(_ pending: PendingChange) -> WaitingChange {
        WaitingChange(pending, milliseconds: remaining(pending), isOverdue: isOverdue(pending))
    }

    /// Whether the live table is not the one that the change made; `false` if that cannot be told.
    private func isDrifted(_ pending: PendingChange, in store: any RulesetStore) -> Bool {
        (try? !isUntouched(pending, in: store)) ?? false
    }

    /// Whether the change left no table of portreeve.
    func hasNoTable(_ entry: ChangeLog.Entry) throws -> Bool { try log.document(entry).archive == nil }

    /// The error for a grant or a ban where no table is loaded: a pending change has removed it, or nothing loaded it.
    func missingTable(in store: any RulesetStore) throws -> ChangeError {
        if let pending = try pending() { return refusal(pending, in: store) }
        return Self.missingTable
    }

    /// The same where nothing was ever saved.
    public static var missingTable: ChangeError {
        ChangeError(
            .failure, "table \(Names.table) is not loaded: run \"portreeve apply\" first; nothing was changed")
    }

    /// Fails if a change of the calling thread's ruleset is pending.
    public func requireNoneWaiting(in store: any RulesetStore) throws {
        guard let pending = try pending(), !isOverdue(pending), pending.identity == host.identity() else { return }
        throw refusal(pending, in: store)
    }

    /// The error for a command that cannot run while a change is pending.
    public func refusal(_ pending: PendingChange, in store: any RulesetStore) -> ChangeError {
        var waiting = WaitingChange(pending, milliseconds: remaining(pending), isOverdue: false)
        waiting.isDrifted = isDrifted(pending, in: store)
        return ChangeError(.refused, "nothing was changed: \(waiting.text)")
    }
}
