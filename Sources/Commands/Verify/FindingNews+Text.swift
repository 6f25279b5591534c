internal import Auditing

extension FindingRecord.News {
    /// One line per change, and a summary; empty without changes.
    func lines(_ console: Console) -> [String] {
        guard !isEmpty else { return [] }
        let lines = appeared.lines { console.prioritized($0.text(console), $0.priority) }
        return lines + gone.map { "\(console.styled("gone:", .green)) \($0)" }
            + ["verify: \(appeared.count) new, \(gone.count) gone, \(total) in all"]
    }

    /// The changes for programs.
    var json: JSON {
        [
            "format_version": 1, "findings": .array(appeared.map(\.json)), "gone": .array(gone.map(JSON.string)),
            "total": .number(total),
        ]
    }
}
