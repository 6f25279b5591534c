internal import Changes

/// A change of the history in the table of a page.
struct ChangeRow {
    private let change: JSON

    init(_ change: JSON) { self.change = change }

    /// At most this many lines of a cell are shown.
    private static let shownLines = 10

    /// Number, time, author, what happened, the access that it gave, and the access that it took.
    var cells: [HTML] {
        let by = [change["login"].string ?? change["user"].string, change["client"].string.map { "from \($0)" }]
        return [
            HTML(change["change"].scalar ?? ""), HTML(change["time"].string ?? ""),
            HTML(by.compactMap(\.self).joined(separator: " ")),
            .lines(["\(deed): \(change["summary"].string ?? "")"]), access("gained", "+"), access("lost", "−"),
        ]
    }

    /// The sentences about the access that a change gave or took, or why there are none.
    private func access(_ member: String, _ sign: String) -> HTML {
        guard case .array(let sentences) = change[member] else { return .lines([isUndone ? "undone" : "not known"]) }
        let lines = sentences.compactMap(\.string).map { "\(sign) \($0)" }
        let rest = lines.count - Self.shownLines
        if lines.isEmpty { return .lines(["none"]) }
        return .lines(rest > 0 ? lines.prefix(Self.shownLines) + ["and \(rest) more"] : lines)
    }

    private var isUndone: Bool { change["outcome"].string == "undone" }

    /// What happened, in words: of a grant or a ban first what was done, then how it ended.
    private var deed: String {
        let reason = change["reason"].string.map { ChangeReason(rawValue: $0)?.text ?? $0 }
        let kind = change["kind"].string
        let done = ["grant": "granted", "ban": "banned"][kind ?? ""]
        guard let reason else { return kind ?? "" }
        guard let done, !isUndone, reason != done else { return reason }
        return "\(done), \(reason)" + (change["ended_by"].number.map { " by change \($0)" } ?? "")
    }
}
