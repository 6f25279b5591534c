internal import Changes
internal import Policies
internal import Printing
internal import Rulesets
internal import System

extension LoggedChange {
    /// The headings of the columns.
    static let headings = ["CHANGE", "TIME", "BY", "HAPPENED", "WHAT"]

    /// The entries that closed while the change was in force, newest first, and the change.
    var rows: [[String]] {
        expiries.reversed().map { expiry in
            ["\(entry.number)", UTCTime.text(expiry.time), TextTable.nothing, "expired", expiry.service]
        } + [columns]
    }

    private var columns: [String] {
        let advice = "unreadable: run \"portreeve history --show \(entry.number)\""
        return ["\(entry.number)", record.map { UTCTime.text($0.time) } ?? TextTable.nothing]
            + [record?.author.text ?? TextTable.nothing, happened, record?.subject ?? advice]
    }

    /// What happened, in words.
    var happened: String {
        if entry.outcome == .prepared {
            return left.map { "pending, \($0 > 0 ? Self.text(left: $0) : "overdue")" } ?? "interrupted"
        }
        guard let reason else { return entry.outcome.word }
        if reason == .rolledBack, let undoer = record?.undoer { return "undone by \(undoer.text)" }
        if let left { return "\(reason.text), \(Self.text(left: left))" }
        guard let record, record.kind == .grant || record.kind == .ban, !entry.outcome.isUndone else {
            return reason.text
        }
        let deed = record.kind == .grant ? "granted" : "banned"
        let cause = ender.map { " by change \($0)" } ?? ""
        return "\(deed), \(reason.text == deed ? "over" : reason.text)\(cause)"
    }

    private static func text(left: Int64) -> String { "\(TimeSpan(seconds: left / 1000).text) left" }

    /// The whole change for people.
    var text: String {
        guard let record else { return fault }
        let head = zip(Self.headings, columns).map { "# \($0.0.lowercased()): \($0.1.printable)" }
        let files = record.files.flatMap {
            ["", "# file: \($0.path.printable)", String(decoding: $0.text, as: UTF8.self)]
        }
        return (head + files).joined(separator: "\n")
    }

    /// The change for programs; with the policy and the ruleset if `isWhole`.
    func json(isWhole: Bool) -> JSON {
        var members: [(String, JSON)] = [
            ("change", .number(entry.number)), ("outcome", .string(entry.outcome.word)),
            ("reason", JSON(reason?.rawValue)),
        ]
        if isWhole { members.insert(("format_version", 1), at: 0) }
        guard let record else { return .object(members + [("fault", .string(fault))]) }
        members += [
            ("kind", .string(record.kind.rawValue)), ("time", .string(UTCTime.text(record.time))),
            ("user", .string(record.author.user)), ("login", JSON(record.author.login)),
            ("client", JSON(record.author.client)), ("summary", .string(record.summary)),
            ("origin", record.origin.map { .number($0) } ?? .null), ("undone_by", JSON(record.undoer?.text)),
            ("ended_by", ender.map { .number($0) } ?? .null), ("generation", .number(Int(record.generation))),
            ("expired", .array(expiries.map(\.json))),
        ]
        guard isWhole else { return .object(members) }
        let files = record.files.map { file -> JSON in
            ["path": .string(file.path), "text": .string(String(decoding: file.text, as: UTF8.self))]
        }
        return .object(members + [("files", .array(files)), ("ruleset", JSON(record.table?.nftText))])
    }
}

extension ChangeRecord {
    /// The summary, behind the name of the file that was applied.
    fileprivate var subject: String {
        guard kind == .apply, let name = files.first?.path.split(separator: "/").last else { return summary }
        return "\(name): \(summary)"
    }
}

extension LoggedChange.Expiry {
    /// The entry for programs.
    fileprivate var json: JSON { ["service": .string(service), "time": .string(UTCTime.text(time))] }
}

extension ChangeReason {
    /// The reason in words.
    var text: String {
        switch self {
        case .repaired: "repaired drift"
        case .restored: "rolled back"
        case .refreshed: "refreshed lists"
        case .undoneByTimer: "undone by the timer"
        case .rolledBack: "undone by hand"
        case .lost: "lost in a reboot"
        case .notMade: "not made"
        case .applied, .removed, .granted, .revoked, .banned, .unbanned, .expired, .replaced, .ended, .undone:
            rawValue
        }
    }
}
