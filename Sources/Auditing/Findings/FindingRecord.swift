internal import Printing

/// The findings of the previous run, in a file: a heading, and one line per finding.
public struct FindingRecord {
    /// A finding as it was reported.
    struct Entry {
        let severity: Finding.Severity
        let text: String
    }

    /// The worst finding of each identity.
    private var entries: [String: Entry] = [:]
    /// The findings in a file of the format before, by a shorter identity; empty otherwise.
    private var older: [String: Entry] = [:]

    private static let heading = "portreeve findings 2"

    /// Creates a record of findings.
    public init(_ findings: [Finding]) {
        for finding in findings where !finding.details.isBan {
            let identity = finding.identity
            if let entry = entries[identity], entry.severity.rank >= finding.severity.rank { continue }
            let text = "\(finding.severity.rawValue): \(finding.sentence) [\(finding.identifier.rawValue)]".printable
            entries[identity] = Entry(severity: finding.severity, text: text)
        }
    }

    /// Reads a record; no findings if there is no file, `nil` if it is another kind of file.
    public init?(_ file: String?) {
        guard let file else { return }
        let lines = file.split(separator: "\n", omittingEmptySubsequences: false)
        guard let heading = lines.first, lines.last == "" else { return nil }
        let body = lines.dropFirst().dropLast()
        if heading == Self.heading[...] {
            guard let entries = Self.entries(body) else { return nil }
            self.entries = entries
        } else {
            guard heading == OlderFindings.heading[...], let entries = OlderFindings.entries(body) else { return nil }
            older = entries
        }
    }

    private static func entries(_ lines: ArraySlice<Substring>) -> [String: Entry]? {
        var entries: [String: Entry] = [:]
        for line in lines {
            let fields = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3, let severity = Finding.Severity(rawValue: fields[0]) else { return nil }
            entries[fields[1]] = Entry(severity: severity, text: fields[2])
        }
        return entries
    }

    /// The content of the file.
    public var file: String {
        let lines = entries.sorted { $0.key < $1.key }.map {
            "\($0.value.severity.rawValue)\t\($0.key)\t\($0.value.text)"
        }
        return ([Self.heading] + lines).joined(separator: "\n") + "\n"
    }
}

extension FindingRecord {
    /// The changes since the previous run.
    public struct News {
        /// New findings, and those whose severity has risen.
        public let appeared: [Finding]
        /// The texts of findings that are gone.
        public let gone: [String]
        /// The number of all findings.
        public let total: Int

        /// Whether nothing changed.
        public var isEmpty: Bool { appeared.isEmpty && gone.isEmpty }
    }

    /// Compares this record with these findings; a ban is never news.
    public func news(in all: [Finding]) -> News {
        let findings = all.filter { !$0.details.isBan }
        let present = Set(findings.map(\.identity))
        let presentOlder = older.isEmpty ? [] : Set(all.map(OlderFindings.identity))
        let gone =
            entries.filter { !present.contains($0.key) } + older.filter { !presentOlder.contains($0.key) }
        return News(
            appeared: findings.filter { !isKnown($0) }, gone: gone.map(\.value.text).sorted(), total: all.count)
    }

    /// Whether the finding was reported before, at least as severe as now.
    private func isKnown(_ finding: Finding) -> Bool {
        let entry = entries[finding.identity] ?? older[OlderFindings.identity(finding)]
        return entry.map { $0.severity.rank >= finding.severity.rank } ?? false
    }
}

extension Finding.Severity {
    /// The severity as a number: higher is worse.
    var rank: Int {
        switch self {
        case .notice: 0
        case .warning: 1
        case .error: 2
        }
    }
}
