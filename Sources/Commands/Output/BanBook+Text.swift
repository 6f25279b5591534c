internal import Addressing
internal import Changes
internal import Policies
internal import Rulesets
internal import System

extension BanBook {
    /// At most this many bans are listed; the rest are counted.
    private static var shown: Int { 10 }

    /// One line for each of the next bans to end, one that counts the rest, and one if the bans are not known.
    func lines(in live: Table?) -> [String] {
        let missing = Set(missing(in: live))
        let active = active
        var lines = active.prefix(Self.shown).map { record in
            record.text(left: left(record)) + (missing.contains(record) ? " [not in force]" : "")
        }
        let rest = active.count - lines.count
        if rest > 0 { lines.append("ban: and \(rest) more: --format json lists all") }
        return lines + [fault].compactMap(\.self)
    }

    /// The bans for programs.
    func json(in live: Table?) -> JSON {
        let missing = Set(missing(in: live))
        return .array(active.map { $0.json(left: left($0), isLive: live != nil && !missing.contains($0)) })
    }
}

extension BanRecord {
    /// The ban in words; `left` is its remaining time in milliseconds.
    func text(left: Int64) -> String { "ban: \(addresses), \(explanation(left: left))" }

    /// The remaining time, the reason and the author.
    func explanation(left: Int64) -> String {
        "\(TimeSpan(seconds: max(0, left) / 1000).text) left: \(why) (\(author.text))"
    }

    /// The ban for programs.
    func json(left: Int64, isLive: Bool) -> JSON {
        [
            "address": .string("\(addresses)"), "until": .string(UTCTime.text(end)),
            "seconds_left": .number(Int(max(0, left) / 1000)), "in_force": .bool(isLive), "why": .string(why),
            "user": .string(author.user), "login": JSON(author.login), "client": JSON(author.client),
            "change": .number(change),
        ]
    }
}
