public import Policies
internal import Printing

/// A change that was undone since it was not confirmed, while the file still has its policy.
public struct UndoneChange: Equatable {
    /// Its number.
    let number: Int
    /// The change, and what became of it.
    public let fact: String

    /// What to do about it.
    public var cure: String { "the file still has it: \"portreeve apply --confirm 2m\" loads it" }

    fileprivate init(_ number: Int, _ record: ChangeRecord, isLost: Bool) {
        let end = isLost ? "before the host was rebooted, and was lost" : "in time, and was undone"
        self.number = number
        fact = "change \(number) of \(UTCTime.text(record.time)) was not confirmed \(end)"
    }
}

extension RulesetState {
    /// The last change that could have waited, if it applied this policy and was not confirmed; `nil` for another end.
    public func undone(holding policy: Policy) throws -> UndoneChange? {
        guard let entry = try lastConfirmable(), [.timedOut, .lost].contains(entry.outcome) else { return nil }
        let record = try log.record(entry)
        guard record.kind == .apply, record.files.map(\.text) == policy.texts else { return nil }
        return UndoneChange(entry.number, record, isLost: entry.outcome == .lost)
    }
}
