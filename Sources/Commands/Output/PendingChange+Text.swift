internal import Changes
internal import Policies

extension PendingChange {
    /// The pending change in words; `seconds` is the time left.
    func text(seconds: Int64, isOverdue: Bool) -> String {
        isOverdue
            ? "change \(number) was not confirmed in time, and its undo is overdue: run \"portreeve rollback\" to undo it now"
            : "change \(number) is not confirmed and will be undone in \(TimeSpan(seconds: seconds).text)"
    }

    /// The pending change for programs.
    func json(seconds: Int64, isOverdue: Bool) -> JSON {
        ["change": .number(number), "seconds_left": .number(Int(seconds)), "overdue": .bool(isOverdue)]
    }
}
