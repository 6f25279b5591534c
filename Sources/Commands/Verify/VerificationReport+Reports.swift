internal import Auditing
internal import Policies
internal import Printing

extension VerificationReport {
    /// The findings as results, each kind of finding as a rule.
    var sarif: SARIFLog { SARIFLog(rules: Self.rules, results: findings.map(\.result)) }

    /// The log of a failed run.
    static func sarifFailure(_ message: String) -> SARIFLog { SARIFLog(rules: rules, failure: message) }

    private static var rules: [SARIFLog.Rule] {
        Finding.Identifier.verified.map { SARIFLog.Rule(id: $0.rawValue, summary: $0.summary, level: .warning) }
    }

    /// A test case for each kind of finding and each service that it is about; notices fail none.
    func junit(on host: String) -> JUnitReport {
        let failures = findings.filter { $0.severity != .notice }
        let cases = Finding.Identifier.verified.flatMap { identifier in
            let found = failures.filter { $0.identifier == identifier }
            guard !found.isEmpty else { return [JUnitReport.Case(group: identifier.rawValue, name: "host")] }
            let names = found.reduce(into: [String]()) { if !$0.contains($1.caseName) { $0.append($1.caseName) } }
            return names.map { name in Self.failed(identifier, name, found.filter { $0.caseName == name }) }
        }
        let notes = findings.filter { $0.severity == .notice }.map(\.line)
        return JUnitReport(name: Self.suite, host: host, now: now, cases: cases, notes: notes)
    }

    /// The report of a failed run: one case that could not be run.
    static func junitFailure(_ message: String, on host: String, now: Int64) -> JUnitReport {
        let broken = JUnitReport.Case(group: "verify", name: "host", failures: [message], isBroken: true)
        return JUnitReport(name: suite, host: host, now: now, cases: [broken])
    }

    private static let suite = "portreeve verify"

    private static func failed(
        _ identifier: Finding.Identifier, _ name: String, _ findings: [Finding]
    ) -> JUnitReport.Case {
        let worst = findings.contains { $0.severity == .error } ? Finding.Severity.error : .warning
        return JUnitReport.Case(
            group: identifier.rawValue, name: name, failures: findings.lines(\.line), kind: worst.rawValue)
    }
}

extension Finding {
    fileprivate var result: SARIFLog.Result {
        let reasons = acceptance.map { [$0.why, $0.owner, $0.ticket].compactMap(\.self).joined(separator: "; ") }
        return SARIFLog.Result(
            rule: identifier.rawValue, level: SARIFLog.Level(severity.rawValue), message: message, location: policy,
            fingerprint: identity, justification: reasons?.printable)
    }

    /// The service, or the host for a finding about none.
    fileprivate var caseName: String { service ?? "host" }

    /// The finding in one line, without colours.
    fileprivate var line: String {
        let place = policy.map { "\($0.file):\($0.line): " } ?? ""
        return "\(place)\(severity.rawValue): \(sentence) [\(identifier.rawValue)]".printable
    }
}

extension Host {
    /// The first name of the host, or a word where it cannot be read.
    var ownName: String { names()?.first ?? "localhost" }
}
