internal import Addressing
internal import Changes
internal import Rulesets

extension GrantBook {
    /// One line per grant in force, and one if the grants are not known.
    func lines(in live: Table?) -> [String] {
        let missing = Set(missing(in: live))
        let active = active
        let banned = active.isEmpty ? [] : bans.active.map(\.addresses)
        let lines = active.map { record in
            let isBanned = banned.contains { AddressSet($0).contains(record.address) }
            let gap = missing.contains(record) ? " [not in force]" : isBanned ? " [not in force: banned]" : ""
            return record.text(left: left(record)) + gap
        }
        return lines + [fault].compactMap(\.self)
    }

    /// The grants for programs.
    func json(in live: Table?) -> JSON {
        let missing = Set(missing(in: live))
        return .array(active.map { $0.json(left: left($0), isLive: live != nil && !missing.contains($0)) })
    }
}
