internal import Auditing

extension VerificationReport {
    /// Metrics in the text format that the textfile collector of node_exporter reads.
    ///
    /// Every id and severity is present, with 0 if there is no finding, so that the series are always the same.
    var prometheusLines: [String] {
        let series = Finding.Identifier.verified.flatMap { identifier in
            Finding.Severity.allCases.map { severity in
                let count = findings.count { $0.identifier == identifier && $0.severity == severity }
                return "portreeve_findings{id=\"\(identifier.rawValue)\",severity=\"\(severity.rawValue)\"} \(count)"
            }
        }
        return Self.metric("portreeve_findings", "What the last run found.", series)
            + Self.metric("portreeve_services", "Services of the policy.", ["portreeve_services \(services)"])
            + Self.prometheusRun(isSuccess: true, now: now)
    }

    /// The success and the time of the run.
    static func prometheusRun(isSuccess: Bool, now: Int64) -> [String] {
        metric(
            "portreeve_last_run_success", "Whether the last run could read all that it needs.",
            ["portreeve_last_run_success \(isSuccess ? 1 : 0)"])
            + metric(
                "portreeve_last_run_timestamp_seconds", "When the last run was.",
                ["portreeve_last_run_timestamp_seconds \(now)"])
    }

    private static func metric(_ name: String, _ help: String, _ series: [String]) -> [String] {
        ["# HELP \(name) \(help)", "# TYPE \(name) gauge"] + series
    }
}
