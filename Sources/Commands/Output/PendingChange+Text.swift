internal import Changes
internal import Policies

extension PendingChange {
    /// The pending change in words; `seconds` is the time left.
    func text(seconds: Int64) -> String {
        "change \(number) is not confirmed and will be undone in \(TimeSpan(seconds: seconds).text)"
    }

    /// The pending change for programs.
    func json(seconds: Int64) -> JSON { ["change": .number(number), "seconds_left": .number(Int(seconds))] }
}
