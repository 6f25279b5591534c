internal import Auditing
internal import Policies

extension FindingRecord.News {
    /// One line per change, and a summary; empty without changes.
    ///
    /// - Parameters:
    ///   - console: the console.
    ///   - time: the time before each line, in seconds since 1970-01-01T00:00:00Z, for output that goes on; the journal has
    ///     its own.
    ///   - advice: what to do about a new finding, if its sentence does not say it.
    /// - Returns: the lines.
    func lines(_ console: Console, at time: Int64? = nil, _ advice: (Finding) -> String) -> [String] {
        guard !isEmpty else { return [] }
        let start = time.map { console.isJournal ? "" : UTCTime.text($0) + " " } ?? ""
        let lines = appeared.lines { console.prioritized(start + $0.text(console) + advice($0), $0.priority) }
        return lines + gone.map { "\(start)\(console.styled("gone:", .green)) \($0)" }
            + ["\(start)verify: \(appeared.count) new, \(gone.count) gone, \(total) in all"]
    }

    /// The changes for programs.
    var json: JSON {
        [
            "format_version": 1, "findings": .array(appeared.map(\.json)), "gone": .array(gone.map(JSON.string)),
            "total": .number(total),
        ]
    }
}
