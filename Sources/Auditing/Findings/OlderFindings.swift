internal import Addressing
internal import Listeners

/// The format of the record before 0.2.0: `IDENTITY<tab>TEXT`, with the severity as the second part of the identity.
enum OlderFindings {
    static let heading = "portreeve findings 1"

    /// The parts of an identity before its words: id, severity, port, service, table, chain, set, executable, unit,
    /// container, user.
    private static let partCount = 11

    /// The findings in these lines, by identity; `nil` if a line has another form.
    static func entries(_ lines: ArraySlice<Substring>) -> [String: FindingRecord.Entry]? {
        var entries: [String: FindingRecord.Entry] = [:]
        for line in lines {
            guard let tab = line.firstIndex(of: "\t") else { return nil }
            var parts = line[..<tab].split(separator: "|", maxSplits: partCount, omittingEmptySubsequences: false)
                .map(String.init)
            guard parts.count == partCount + 1, let severity = Finding.Severity(rawValue: parts[1]) else { return nil }
            // Witnesses and addresses in the words differ from run to run; those of drift and sessions do not.
            if !keepsWords(parts[0]) { parts[partCount] = "" }
            let identity = (parts[..<1] + parts[2...7] + parts[partCount...]).joined(separator: "|")
            if let entry = entries[identity], entry.severity.rank >= severity.rank { continue }
            entries[identity] = .init(severity: severity, text: String(line[line.index(after: tab)...]))
        }
        return entries
    }

    /// The identity of a finding, as far as that format tells findings apart.
    static func identity(_ finding: Finding) -> String {
        let words =
            finding.identifier == .staleSession ? finding.port?.address?.description ?? "" : finding.message
        let parts = [
            finding.identifier.rawValue, finding.port?.text, finding.service, finding.table, finding.chain, finding.set,
            finding.process?.executable, keepsWords(finding.identifier.rawValue) ? words : "",
        ]
        return parts.map { $0 ?? "" }.joined(separator: "|").line
    }

    private static func keepsWords(_ identifier: String) -> Bool {
        [Finding.Identifier.rulesetDrift, .staleSession].map(\.rawValue).contains(identifier)
    }
}

extension String {
    /// The text in one line without tabs, as that format kept it.
    fileprivate var line: String { String(map { $0.isNewline || $0 == "\t" ? " " : $0 }) }
}
