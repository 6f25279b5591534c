internal import Changes

extension WaitingChange {
    /// What a plan does not show: that `apply` refuses it, or that what is in sync may be undone.
    func note(isInSync: Bool) -> String {
        "portreeve: " + (isInSync ? text : "warning: apply will refuse this: \(text)")
    }

    /// The pending change for programs.
    var json: JSON {
        ["change": .number(pending.number), "seconds_left": .number(Int(seconds)), "overdue": .bool(isOverdue)]
    }
}
