internal import Changes
internal import Policies

extension PendingChange {
    /// That the change waits, and how many seconds are left.
    func text(seconds: Int64) -> String {
        "change \(number) waits to be confirmed, and undoes itself in \(TimeSpan(seconds: seconds).text)"
    }

    /// The same for programs.
    func json(seconds: Int64) -> JSON { ["change": .number(number), "seconds_left": .number(Int(seconds))] }
}
