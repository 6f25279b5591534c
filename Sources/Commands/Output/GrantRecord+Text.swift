internal import Addressing
internal import Changes
internal import Policies
internal import System

extension GrantRecord {
    /// The grant in words; `left` is its remaining time in milliseconds.
    func text(left: Int64) -> String { "grant: \(service) from \(address), \(explanation(left: left))" }

    /// The remaining time, the reason and the author.
    func explanation(left: Int64) -> String {
        "\(TimeSpan(seconds: max(0, left) / 1000).text) left: \(why) (\(author.text))"
    }

    /// The grant for programs.
    func json(left: Int64, isLive: Bool) -> JSON {
        [
            "service": .string(service), "address": .string(address.description), "until": .string(UTCTime.text(end)),
            "seconds_left": .number(Int(max(0, left) / 1000)), "in_force": .bool(isLive), "why": .string(why),
            "user": .string(author.user),
            "login": JSON(author.login), "client": JSON(author.client), "change": .number(change),
        ]
    }
}
