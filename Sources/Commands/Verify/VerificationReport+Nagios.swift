internal import Auditing
internal import Printing

extension ExitStatus {
    /// The exit statuses of monitoring plugins (www.monitoring-plugins.org, "Plugin Return Codes").
    static let nagiosWarning = ExitStatus.failure
    /// There are errors.
    static let nagiosCritical = ExitStatus.difference
    /// The state is not known.
    static let nagiosUnknown = ExitStatus.invalidPolicy
}

extension VerificationReport {
    /// The status for a monitoring system: errors are critical; unreadable parts are unknown, unless there are errors.
    var nagiosStatus: ExitStatus {
        if count(.error) > 0 { return .nagiosCritical }
        let warnings = findings.filter { $0.severity == .warning }
        if warnings.contains(where: { $0.identifier != .unknown }) { return .nagiosWarning }
        return warnings.isEmpty ? .success : .nagiosUnknown
    }

    /// One line with performance data, then one line per finding.
    var nagiosLines: [String] {
        let state: [ExitStatus: String] = [
            .success: "OK", .nagiosWarning: "WARNING", .nagiosCritical: "CRITICAL", .nagiosUnknown: "UNKNOWN",
        ]
        let worst = findings.first { $0.severity == .error } ?? findings.first { $0.severity == .warning }
        let first = worst.map { ": \($0.message.printable)" } ?? ""
        let data = [
            "errors=\(count(.error));;0;0", "warnings=\(count(.warning));0;;0", "notices=\(count(.notice));;;0",
            "services=\(services);;;0",
        ]
        let head =
            "PORTREEVE \(state[nagiosStatus] ?? "UNKNOWN") - \((summary.replacing("verify: ", with: "") + first).withoutBars)"
        return ["\(head) | \(data.joined(separator: " "))"]
            + findings.lines {
                "\($0.severity.rawValue): \($0.sentence.printable) [\($0.identifier.rawValue)]".withoutBars
            }
    }

    /// The line of a failed run.
    static func nagiosFailure(_ message: String) -> String {
        "PORTREEVE UNKNOWN - \(message.split(separator: "\n").joined(separator: "; ").printable.withoutBars)"
    }
}

extension String {
    /// The text without the character that starts performance data.
    fileprivate var withoutBars: String { replacing("|", with: "/") }
}
