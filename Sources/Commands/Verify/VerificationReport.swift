internal import Auditing
internal import Changes
internal import Listeners
internal import Policies

/// The result of a verification.
struct VerificationReport {
    /// The findings.
    let findings: [Finding]
    /// The number of services in the policy.
    let services: Int
    /// The generation of the ruleset; `nil` if it was not read.
    let generation: UInt32?
    /// The time, in seconds since 1970-01-01T00:00:00Z.
    let now: Int64
    /// What metrics say of the host; `nil` for other formats.
    var facts: HostFacts?
    /// The entries of `accepted` that are about none of the findings, for a report with all details; `nil` for a short one.
    let unused: [Acceptance]?
    /// Whether the state knows what was applied; otherwise the host was compared with the file.
    private let isRecorded: Bool
    /// How "portreeve apply" loads the policy again; `nil` if it does by itself.
    private let cure: ApplyCure?
    /// The command that loads again what was applied, where "portreeve apply" would load another policy or none.
    private let restoration: String?
    /// Whether a finding says why no table is loaded, and what to do.
    private let explainsAbsence: Bool
    /// The pending change; `nil` if there is none, or if the user may not know.
    var waiting: WaitingChange?
    /// The loaded table, if the state has no record of it.
    var unrecorded: UnrecordedTable?

    /// A report of these findings, each as the policy accepts it.
    init(_ verification: Verification, _ found: [Finding], now: Int64, withUnused: Bool) {
        findings = found.accepting(verification.acceptances, now: now)
        services = verification.services
        generation = verification.generation
        isRecorded = verification.verified.isRecorded
        cure = verification.verified.cure
        restoration = verification.verified.restoration
        explainsAbsence = verification.absence != nil
        self.now = now
        unused = withUnused ? verification.acceptances.filter { !found.contains(where: $0.covers) } : nil
    }

    /// Whether the table differs in more than what a notice is about.
    var hasDrift: Bool { findings.contains(where: \.isDrift) }

    /// The number of findings of a severity.
    func count(_ severity: Finding.Severity) -> Int { findings.count { $0.severity == severity } }

    /// The exit status.
    var status: ExitStatus { findings.contains { $0.severity != .notice } ? .difference : .success }

    /// A summary in one line.
    var summary: String {
        let counts = Finding.Severity.allCases.map { (count($0), $0.rawValue) }.filter { $0.0 > 0 }
        guard counts.isEmpty else { return "verify: " + counts.map { counted($0.0, $0.1) }.joined(separator: ", ") }
        return "in sync: \(counted(services, "service"))" + (generation.map { ", generation \($0)" } ?? "")
    }

    /// The report for people: errors first, similar findings together or, with all details, one by one; and the summary.
    func lines(_ console: Console) -> [String] {
        let groups = unused == nil ? FindingGroup.all(findings.filter { $0.identifier != .staleSession }) : []
        let lines = unused == nil ? lines(of: groups, console) : detailedLines(console)
        let hint = groups.contains { $0.findings.count > 1 } ? "; --verbose lists each" : ""
        return findings.isEmpty && console.isQuiet ? lines : lines + [summary + hint]
    }

    /// Drift first, then the groups, then stale sessions; a host can have any number of the first and the last.
    private func lines(of groups: [FindingGroup], _ console: Console) -> [String] {
        let drift = groups.filter { $0.findings[0].identifier == .rulesetDrift }.map { text($0, console) }
        var told: Set<Int32> = []
        let others = groups.filter { $0.findings[0].identifier != .rulesetDrift }.map { group in
            // A long command line is told once.
            defer { told.formUnion(group.findings.count == 1 ? group.findings[0].process.map { [$0.pid] } ?? [] : []) }
            return text(group.shortened(knowing: told), console)
        }
        let sessions = findings.filter { $0.identifier == .staleSession }
        return (console.columns == nil ? drift : drift.bounded("differences of the ruleset"))
            + driftAdvice(findings) + others
            + sessions.lines { text(FindingGroup(findings: [$0]), console) }
    }

    /// What drift is, and the command that mends it; apart from edits of the file, which the same command would load.
    ///
    /// Without drift among the findings that are printed there is none.
    func driftAdvice(_ findings: [Finding]) -> [String] {
        guard findings.contains(where: \.isDrift) else { return [] }
        if let unrecorded { return ["  \(unrecorded.text)"] }
        if explainsAbsence { return [] }
        let isEdited =
            cure == nil && self.findings.contains { $0.identifier == .notApplied && $0.severity != .notice }
        let edit = isEdited ? ", including your edit" : ""
        if let waiting {
            return [
                "  the live table is not what change \(waiting.pending.number) made: "
                    + "run \(waiting.firstStep), then \"portreeve apply\"\(isEdited ? " with your edit" : "")"
            ]
        }
        let (meant, again) = isRecorded ? ("what was applied", " again") : ("what the policy says", "")
        return [
            "  the live table is not \(meant): \"portreeve apply\(cure?.operand ?? "")\" loads the policy\(again)\(edit)"
                + (cure?.condition.map { ", \($0)" } ?? "")
                + (restoration.map { "; \($0) loads it \(isEdited ? "without the edit" : "now")" } ?? "")
        ]
    }

    private func detailedLines(_ console: Console) -> [String] {
        findings.lines { console.prioritized($0.text(console) + $0.advice, $0.priority) }
            + (unrecorded.map { [$0.text] } ?? []) + unusedLines
    }

    private func text(_ group: FindingGroup, _ console: Console) -> String {
        console.prioritized(group.text(console, now: now), group.findings[0].priority)
    }

    private var unusedLines: [String] {
        (unused ?? []).map {
            "\($0.location.file):\($0.location.line): no \($0.finding) finding is accepted by this entry"
        }
    }

    /// The report for programs.
    var json: JSON {
        ["format_version": 1, "findings": .array(findings.map(\.json)), "pending": waiting?.json ?? .null]
    }
}

extension Finding {
    /// Whether the live table is not the one to expect.
    fileprivate var isDrift: Bool { identifier == .rulesetDrift && severity != .notice }

    /// A line that says what to write to accept the finding; empty for a notice.
    var advice: String {
        guard severity != .notice, let acceptanceEntry else { return "" }
        return "\n  to accept it, write under \"accepted\": \(acceptanceEntry)"
    }
}
