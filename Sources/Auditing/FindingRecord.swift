internal import Addressing
internal import Listeners

/// The findings of the run before, as a file keeps them: a heading, and a line a finding.
public struct FindingRecord {
    /// The text of each finding by its identity.
    private var texts: [String: String] = [:]

    private static let heading = "portreeve findings 1"

    /// A record of findings.
    public init(_ findings: [Finding]) {
        for finding in findings {
            texts[finding.identity] =
                "\(finding.severity.rawValue): \(finding.message) [\(finding.identifier.rawValue)]".line
        }
    }

    /// What a file holds; no findings where there is no file, `nil` where the file is somebody else's.
    public init?(_ file: String?) {
        guard let file else { return }
        let lines = file.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == Self.heading[...], lines.last == "" else { return nil }
        for line in lines.dropFirst().dropLast() {
            guard let tab = line.firstIndex(of: "\t") else { return nil }
            texts[String(line[..<tab])] = String(line[line.index(after: tab)...])
        }
    }

    /// What the file is to hold.
    public var file: String {
        ([Self.heading] + texts.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)" }).joined(separator: "\n")
            + "\n"
    }
}

extension FindingRecord {
    /// What changed from the record to findings.
    public struct News {
        /// Findings that were not there.
        public let appeared: [Finding]
        /// Those that are not there any more, in words.
        public let gone: [String]
        /// How many findings there are in all.
        public let total: Int

        /// Whether nothing changed.
        public var isEmpty: Bool { appeared.isEmpty && gone.isEmpty }
    }

    /// What changed from this record to these findings.
    public func news(in findings: [Finding]) -> News {
        let present = Set(findings.map(\.identity))
        return News(
            appeared: findings.filter { texts[$0.identity] == nil },
            gone: texts.filter { !present.contains($0.key) }.map(\.value).sorted(), total: findings.count)
    }
}

extension Finding {
    /// What makes it the same finding in the next run: not the process id, nor how many processes were hidden.
    fileprivate var identity: String {
        let place = port?.text ?? ""
        let who = [process?.executable, process?.unit, process?.container, process?.user].map { $0 ?? "" }
        // A message that names a process has its id, and one about a session its age; others are what tells two
        // findings of a table apart.
        let isSession = identifier == .staleSession
        let words = isSession ? port?.address?.description ?? "" : process == nil ? message.withoutProcessCounts : ""
        let parts = [identifier.rawValue, severity.rawValue, place, service ?? "", table ?? "", chain ?? "", set ?? ""]
        return (parts + who + [words]).joined(separator: "|").line
    }
}

extension String {
    /// The text in one line without tabs.
    fileprivate var line: String { String(map { $0.isNewline || $0 == "\t" ? " " : $0 }) }

    /// The text without the numbers of processes: `of 37 processes`.
    fileprivate var withoutProcessCounts: String {
        let words = split(separator: " ", omittingEmptySubsequences: false)
        return words.enumerated().filter { index, word in
            !(word.allSatisfy(\.isNumber) && index + 1 < words.count && words[index + 1].hasPrefix("process"))
        }.map { String($0.element) }.joined(separator: " ")
    }
}
