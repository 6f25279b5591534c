internal import Auditing

/// What a verification came to.
struct VerificationReport {
    /// What was found.
    let findings: [Finding]
    /// How many services the policy has.
    let services: Int
    /// The generation of the ruleset; `nil` where it could not be read.
    let generation: UInt32?
    /// When, in seconds since 1970-01-01T00:00:00Z.
    let now: Int64

    /// How many findings are of a severity.
    func count(_ severity: Finding.Severity) -> Int { findings.count { $0.severity == severity } }

    /// What the command tells a script.
    var status: ExitStatus { findings.contains { $0.severity != .notice } ? .difference : .success }

    /// What it amounts to, in one line.
    var summary: String {
        let counts = Finding.Severity.allCases.map { (count($0), $0.rawValue) }.filter { $0.0 > 0 }
        guard counts.isEmpty else { return "verify: " + counts.map { counted($0.0, $0.1) }.joined(separator: ", ") }
        return "in sync: \(counted(services, "service"))" + (generation.map { ", generation \($0)" } ?? "")
    }

    /// The report for people: a line a finding, and the summary.
    func lines(_ console: Console) -> [String] {
        let lines = findings.lines { $0.text(console) }
        return findings.isEmpty && console.isQuiet ? lines : lines + [summary]
    }

    /// The report for programs.
    var json: JSON { ["format_version": 1, "findings": .array(findings.map(\.json))] }
}
