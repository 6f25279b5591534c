internal import Addressing
internal import Auditing
internal import Listeners

/// The findings of the run before, as a file keeps them: a heading, and a line a finding.
struct FindingRecord {
    /// The text of each finding by its identity.
    private(set) var texts: [String: String] = [:]

    private static let heading = "portreeve findings 1"

    /// A record of findings.
    init(_ findings: [Finding]) {
        for finding in findings {
            texts[finding.identity] =
                "\(finding.severity.rawValue): \(finding.message) [\(finding.identifier.rawValue)]".line
        }
    }

    /// What a file holds; no findings where there is no file, `nil` where the file is somebody else's.
    init?(_ file: String?) {
        guard let file else { return }
        let lines = file.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == Self.heading[...], lines.last == "" else { return nil }
        for line in lines.dropFirst().dropLast() {
            guard let tab = line.firstIndex(of: "\t") else { return nil }
            texts[String(line[..<tab])] = String(line[line.index(after: tab)...])
        }
    }

    /// What the file is to hold.
    var file: String {
        ([Self.heading] + texts.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)" }).joined(separator: "\n")
            + "\n"
    }
}

/// What changed since the run before.
struct News {
    /// Findings that were not there.
    let appeared: [Finding]
    /// Those that are not there any more, in words.
    let gone: [String]
    private let total: Int

    /// What changed from a record to these findings.
    init(since record: FindingRecord, in findings: [Finding]) {
        appeared = findings.filter { record.texts[$0.identity] == nil }
        let present = Set(findings.map(\.identity))
        gone = record.texts.filter { !present.contains($0.key) }.map(\.value).sorted()
        total = findings.count
    }

    /// A line a change, and what it amounts to; nothing where nothing changed.
    func lines(_ console: Console) -> [String] {
        guard !(appeared.isEmpty && gone.isEmpty) else { return [] }
        return appeared.lines { $0.text(console) } + gone.map { "\(console.styled("gone:", .green)) \($0)" }
            + ["verify: \(appeared.count) new, \(gone.count) gone, \(total) in all"]
    }

    /// The news for programs.
    var json: JSON {
        [
            "format_version": 1, "findings": .array(appeared.map(\.json)), "gone": .array(gone.map(JSON.string)),
            "total": .number(total),
        ]
    }
}

extension Finding {
    /// What makes it the same finding in the next run: not the process id, nor how many processes were hidden.
    fileprivate var identity: String {
        let place = port.map { "\($0.transport.name)/\($0.range.text)" } ?? ""
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
