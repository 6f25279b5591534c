internal import Policies
internal import Printing

extension PolicyReading {
    fileprivate static let (invalid, lint) = ("invalid-policy", "policy-lint")

    /// The diagnostics as results with their lines and columns.
    var sarif: SARIFLog { SARIFLog(rules: Self.rules, results: diagnostics.map(\.result)) }

    private static var rules: [SARIFLog.Rule] {
        [
            SARIFLog.Rule(id: invalid, summary: "The policy is invalid.", level: .error),
            SARIFLog.Rule(id: lint, summary: "The policy is probably not as intended.", level: .warning),
        ]
    }

    /// Two test cases: the policy is valid, and, if warnings fail, has none.
    func junit(_ path: String, isStrict: Bool, on host: String, now: Int64) -> JUnitReport {
        let errors = diagnostics.filter { $0.severity == .error }.map(\.line)
        let others = diagnostics.filter { $0.severity != .error }.map(\.line)
        let warnings = diagnostics.filter { $0.severity == .warning }.map(\.line)
        let cases = [
            JUnitReport.Case(group: "check.\(Self.invalid)", name: path, failures: errors),
            JUnitReport.Case(
                group: "check.\(Self.lint)", name: path, failures: isStrict ? warnings : [], kind: "warning"),
        ]
        return JUnitReport(name: "portreeve check", host: host, now: now, cases: cases, notes: isStrict ? [] : others)
    }
}

extension Diagnostic {
    fileprivate var result: SARIFLog.Result {
        SARIFLog.Result(
            rule: severity == .error ? PolicyReading.invalid : PolicyReading.lint,
            level: SARIFLog.Level(severity.rawValue), message: message, location: location, hasColumn: true)
    }

    /// The diagnostic in one line.
    fileprivate var line: String {
        let place = location.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
        return "\(place)\(severity.rawValue): \(message)".printable
    }
}
