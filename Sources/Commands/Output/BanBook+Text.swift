internal import Addressing
internal import Changes
internal import Policies
internal import Rulesets
internal import System

extension BanBook {
    /// More bans than this are told in one line.
    private static var shown: Int { 3 }

    /// One line for each ban, or one for many, and one if the bans are not known.
    func lines(in live: Table?) -> [String] {
        let (missing, active) = (Set(missing(in: live)), active)
        let lines =
            active.count > Self.shown
            ? [summary(active, missing: missing.count)]
            : active.map { $0.text(left: left($0)) + (missing.contains($0) ? " [not in force]" : "") }
        return lines + [fault].compactMap(\.self)
    }

    /// The number of bans, and the next one to end.
    private func summary(_ active: [BanRecord], missing: Int) -> String {
        let next = active.first.map { record in
            ", the next ends in \(TimeSpan(seconds: max(0, left(record)) / 1000).text) (\(record.addresses))"
        }
        let gap = missing > 0 ? ", \(missing) [not in force]" : ""
        return "bans: \(active.count)\(gap)\(next ?? ""): --format json lists all"
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
