internal import Addressing
internal import Listeners

/// The findings of the previous run, in a file: a heading, and one line per finding.
public struct FindingRecord {
    /// The text of each finding by its identity.
    private var texts: [String: String] = [:]

    private static let heading = "portreeve findings 1"

    /// Creates a record of findings.
    public init(_ findings: [Finding]) {
        for finding in findings {
            texts[finding.identity] =
                "\(finding.severity.rawValue): \(finding.message) [\(finding.identifier.rawValue)]".line
        }
    }

    /// Reads a record; no findings if there is no file, `nil` if it is another kind of file.
    public init?(_ file: String?) {
        guard let file else { return }
        let lines = file.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == Self.heading[...], lines.last == "" else { return nil }
        for line in lines.dropFirst().dropLast() {
            guard let tab = line.firstIndex(of: "\t") else { return nil }
            texts[String(line[..<tab])] = String(line[line.index(after: tab)...])
        }
    }

    /// The content of the file.
    public var file: String {
        ([Self.heading] + texts.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)" }).joined(separator: "\n")
            + "\n"
    }
}

extension FindingRecord {
    /// The changes since the previous run.
    public struct News {
        /// New findings.
        public let appeared: [Finding]
        /// The texts of findings that are gone.
        public let gone: [String]
        /// The number of all findings.
        public let total: Int

        /// Whether nothing changed.
        public var isEmpty: Bool { appeared.isEmpty && gone.isEmpty }
    }

    /// Compares this record with these findings.
    public func news(in findings: [Finding]) -> News {
        let present = Set(findings.map(\.identity))
        return News(
            appeared: findings.filter { texts[$0.identity] == nil },
            gone: texts.filter { !present.contains($0.key) }.map(\.value).sorted(), total: findings.count)
    }
}

extension Finding {
    /// The identity of a finding across runs: without process ids and counts of hidden processes.
    fileprivate var identity: String {
        let place = port?.text ?? ""
        let who = [process?.executable, process?.unit, process?.container, process?.user].map { $0 ?? "" }
        // The message of a listener has the process id, and that of a session its age, so neither is in the identity;
        // other messages distinguish findings of one table.
        let isSession = identifier == .staleSession
        let words = isSession ? port?.address?.description ?? "" : process == nil ? message.withoutProcessCounts : ""
        let parts = [identifier.rawValue, severity.rawValue, place, service ?? "", table ?? "", chain ?? "", set ?? ""]
        return (parts + who + [words]).joined(separator: "|").line
    }
}

extension String {
    /// The text in one line without tabs.
    fileprivate var line: String { String(map { $0.isNewline || $0 == "\t" ? " " : $0 }) }

    /// The text without counts of processes: `of 37 processes`.
    fileprivate var withoutProcessCounts: String {
        let words = split(separator: " ", omittingEmptySubsequences: false)
        return words.enumerated().filter { index, word in
            !(word.allSatisfy(\.isNumber) && index + 1 < words.count && words[index + 1].hasPrefix("process"))
        }.map { String($0.element) }.joined(separator: " ")
    }
}
