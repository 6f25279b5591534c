internal import Auditing
internal import Policies
internal import Printing

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
            + accepted
            + Self.metric("portreeve_services", "Services of the policy.", ["portreeve_services \(services)"])
            + (facts.map(fleetMetrics) ?? [])
            + Self.prometheusRun(isSuccess: true, now: now)
    }

    /// The accepted findings by their reasons; nothing if the policy accepts none.
    private var accepted: [String] {
        let reasons = findings.compactMap { finding in
            finding.acceptance.map { acceptance in
                let labels = [
                    ("id", finding.identifier.rawValue), ("why", acceptance.why), ("owner", acceptance.owner),
                ]
                return labels.map { "\($0)=\"\(($1 ?? "").labelValue)\"" }.joined(separator: ",")
            }
        }
        guard !reasons.isEmpty else { return [] }
        let counts = Dictionary(reasons.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        return Self.metric(
            "portreeve_accepted_findings", "What the policy accepts, by reason.",
            counts.map { "portreeve_accepted_findings{\($0.key)} \($0.value)" })
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

    /// The lines of a metric with its series.
    static func metric(_ name: String, _ help: String, _ series: [String]) -> [String] {
        ["# HELP \(name) \(help)", "# TYPE \(name) gauge"] + series
    }
}

extension String {
    /// The text as the value of a label.
    var labelValue: String {
        printable.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }
}
