internal import Auditing
internal import Compiler
internal import Policies
internal import Printing
internal import Rulesets

extension Finding {
    /// At most this many services or lists of an edit are named; the rest are counted.
    private static let named = 8
    /// The same of two files, which may have nothing in common.
    private static let namedOfOther = 3

    /// The file was edited since it was applied.
    static func notApplied(_ path: String, _ difference: PolicyDifference, _ record: AppliedRecord) -> Finding {
        let start = SourceLocation(file: path, line: 1, column: 1)
        guard difference.parts.isEmpty else {
            let edit = edit(path, difference, record)
            return Finding(
                .notApplied, .warning, "\(edit.sentence): \(edit.cures.joined(separator: "; "))",
                policy: difference.location ?? start)
        }
        return Finding(
            .notApplied, .notice,
            "lists were changed since \(record.text) was applied: \(difference.lists.listed(atMost: named)): "
                + "\"portreeve refresh\" loads them",
            policy: start)
    }

    /// How the file differs from what was applied: it was edited, a rollback restored another one, or another file was applied.
    static func edit(_ path: String, _ difference: PolicyDifference, _ record: AppliedRecord) -> PolicyEdit {
        let isOther = record.origin == nil && !record.isOf(path)
        let parts = difference.parts.listed(atMost: isOther ? namedOfOther : named)
        let cures = cures(path, record)
        let inFile = "in the file: \(parts)"
        if let origin = record.origin {
            return PolicyEdit(
                words: "not the policy of change \(origin), which \(record.text) restored: \(parts)", "the file is",
                cures: cures, headline: "the file is not the policy in force",
                applied: "\(record.text), which restored that of change \(origin)", difference: inFile)
        }
        guard !isOther else {
            let file = record.path ?? "another file"
            return PolicyEdit(
                words: "not the policy that \(record.text) applied, \(file): \(parts)", "\(path) is", cures: cures,
                headline: "another file is in force", applied: "\(record.text), \(file)", difference: inFile)
        }
        return PolicyEdit(
            words: "edited since \(record.text) was applied: \(parts)", "the policy was", cures: cures,
            headline: "the policy was edited", applied: record.text, difference: inFile)
    }

    /// What makes the file and the table agree again.
    private static func cures(_ path: String, _ record: AppliedRecord) -> [String] {
        if let waiting = record.waiting {
            return [
                "run \(waiting.firstStep) first (change \(waiting.pending.number) is not confirmed), "
                    + "then \"portreeve apply\"", "or undo the edit",
            ]
        }
        if let origin = record.origin {
            return [
                "\"portreeve history --show \(origin) > \(path.shellWord)\" puts that policy into the file",
                "\"portreeve apply\" would load the file instead",
            ]
        }
        guard record.isOf(path) else { return ["\"portreeve apply\" would load it instead"] }
        return ["run \"portreeve apply\" to load it, or undo the edit"]
    }

    /// The file cannot be used, and the host is held against what was applied.
    static func notApplied(_ path: String, _ file: PolicyReading, _ record: AppliedRecord) -> Finding {
        let errors = file.diagnostics.filter { $0.severity == .error }
        let first = errors.first
        return Finding(
            .notApplied, .error,
            "\(fault(path, file)): \(file.fault == .absent ? record.restoring(path) : "correct it"); "
                + "the host was verified against \(record.text)",
            policy: first?.location ?? SourceLocation(file: path, line: 1, column: 1))
    }

    /// Why the file cannot be used; with the place of the error unless that stands beside the message.
    static func fault(_ path: String, _ file: PolicyReading, namesPlace: Bool = false) -> String {
        if file.fault == .absent { return "the policy \(path) does not exist" }
        let errors = file.diagnostics.filter { $0.severity == .error }
        let place = namesPlace ? errors.first?.location.map { "\($0.file):\($0.line): " } ?? "\(path): " : ""
        return "the policy is invalid (\(errors.count == 1 ? "" : "\(errors.count) errors, the first: ")"
            + "\(place)\(errors.first?.message ?? "no reason is known"))"
    }

    /// This version compiles the policy to another table than the one that applied it.
    static func compiledOtherwise(_ policy: Policy, _ record: AppliedRecord) -> Finding {
        Finding(
            .notApplied, .notice,
            "this version of portreeve compiles the policy to another table than \(record.text) loaded: "
                + "\"portreeve plan\" shows the difference",
            policy: SourceLocation(file: policy.files.first ?? "-", line: 1, column: 1))
    }

    /// The table is missing, for a reason that the history knows.
    static func absent(_ absence: TableAbsence) -> Finding {
        Finding(.rulesetDrift, .error, "the table is not loaded: \(absence.reason)", table: Names.table.description)
    }

    /// The policy that was applied cannot be read.
    static func unknown(_ record: AppliedRecord) -> Finding {
        Finding(
            .unknown, .warning,
            "cannot read the policy that \(record.text) applied: the host was verified against the file",
            aspect: "state")
    }

    /// A list cannot be used, and is as it was applied.
    static func listOutOfBounds(_ refusal: ListRefusal) -> Finding {
        var finding = Finding(
            .listOutOfBounds, .warning,
            "\(refusal.reason): the list as it was applied stays in force: get the list again, or change its bounds",
            policy: refusal.location)
        finding.details.source = refusal.group
        return finding
    }

    private static let applying = "\"portreeve apply"

    /// The finding with a cure that loads the policy in force: "portreeve apply" alone would load the file as it is now.
    func cured(_ cure: ApplyCure) -> Finding {
        guard identifier != .notApplied else { return self }
        let parts = message.split(separator: Self.applying, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let end = parts[1].firstIndex(of: "\"") else { return self }
        var finding = self
        finding.message =
            "\(parts[0])\(Self.applying)\(parts[1][..<end])\(cure.operand)\"\(cure.condition.map { ", \($0)," } ?? "")"
            + parts[1][parts[1].index(after: end)...]
        return finding
    }
}

/// How the policy in a file differs from the one that was applied.
public struct PolicyEdit: Hashable, Sendable {
    /// The predicate: `edited since change 3 of 2026-11-25T22:00:00Z was applied: "web" changed`.
    public let words: String
    /// The whole sentence.
    public let sentence: String
    /// The commands, or the edit, that make the file and the table agree again, each in one line.
    public let cures: [String]
    /// The fact in a few words: `the policy was edited`.
    public let headline: String
    /// The change that was applied last, in words.
    public let applied: String
    /// What is in the file.
    public let difference: String

    fileprivate init(
        words: String, _ subject: String, cures: [String], headline: String, applied: String, difference: String
    ) {
        (self.words, self.cures, self.headline) = (words, cures, headline)
        (self.applied, self.difference) = (applied, difference)
        sentence = "\(subject) \(words)"
    }
}

extension AppliedRecord {
    /// The change in words: `change 3 of 2026-11-25T22:00:00Z`.
    var text: String { "change \(number) of \(UTCTime.text(time))" }
}
