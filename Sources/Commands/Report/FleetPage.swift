internal import Printing

/// The page about several hosts, made from their reports: the hosts that deviate first.
struct FleetPage {
    private let comparison: FleetComparison

    /// At most this many hosts are named for a difference.
    private static let shownHosts = 8
    /// At most this many findings of each host are listed: a page of many hosts is for comparing them.
    private static let shownFindings = 30

    init(_ documents: [JSON]) { comparison = FleetComparison(documents) }

    /// The document.
    var text: String {
        HTML.document(
            title: "\(counted(comparison.rows.count, "host")): open ports, and what differs", style: PageStyle.text,
            [header, .element("main", [], [hosts, differences, findings])])
    }

    private var header: HTML {
        let rows = comparison.rows
        let times = rows.compactMap { $0.document["time"].string }.sorted()
        let deviating = rows.filter { !$0.style.isEmpty }.count
        let span = zip(times.prefix(1), times.suffix(1)).map { "Reports of \($0) to \($1)" }
        return .element(
            "header", [],
            [
                .element("h1", "\(counted(rows.count, "host")): open ports, and what differs"),
                .element("p", span.joined()),
                .element(
                    "div", [("class", "tiles")],
                    [
                        HostPage.tile(rows.count, "hosts"),
                        HostPage.tile(deviating, "need a look", deviating == 0 ? "good" : "warning"),
                        HostPage.tile(
                            rows.count { !$0.isInSync }, "not in sync", rows.allSatisfy(\.isInSync) ? "good" : "error"),
                        HostPage.tile(rows.map(\.errors).reduce(0, +), "errors"),
                        HostPage.tile(rows.map(\.warnings).reduce(0, +), "warnings"),
                        HostPage.tile(comparison.differences.count, "ports that differ"),
                    ]),
            ])
    }

    private var hosts: HTML {
        let rows = comparison.rows.map { row in
            (
                style: row.style,
                cells: [
                    HTML(row.name), HTML(row.document["state_text"].string ?? "unknown"), HTML("\(row.errors)"),
                    HTML("\(row.warnings)"), HTML("\(row.differences)"),
                    HTML("\(Set(row.document["ports"].items.compactMap(\.["service"].string)).count)"),
                    HTML(row.document["time"].string ?? ""),
                    HTML(HostPage.day(row.document["reviewed"].string) ?? "never"),
                    HTML(String((row.document["policy"]["sha256"].string ?? "").prefix(12))),
                    HTML(row.document["portreeve"].string ?? ""),
                ]
            )
        }
        let columns: [HTML.Column] = [
            .init("Host"), .init("State"), .init("Errors", "number"), .init("Warnings", "number"),
            .init("Differences", "number"), .init("Services", "number"), .init("Reported", "date"),
            .init("Reviewed", "date"), .init("Policy"), .init("portreeve"),
        ]
        return .section("Hosts", HostPage.bounded(columns, rows))
    }

    private var differences: HTML {
        let rows = comparison.differences.map { difference in
            let others = difference.others.map { "\($0.text): \(Self.names($0.hosts))" }
            let missing = difference.missing.isEmpty ? [] : ["not open: \(Self.names(difference.missing))"]
            return (
                style: "",
                cells: [
                    HTML(difference.port), HTML(difference.service),
                    HTML("\(difference.common) (\(counted(difference.commonCount, "host")))"), .lines(others + missing),
                ]
            )
        }
        guard !rows.isEmpty else {
            return .section(
                "What differs",
                [.element("p", class: "good", "Nothing: hosts with the same service open it in the same way.")])
        }
        return .section(
            "What differs",
            HostPage.bounded([.init("Port"), .init("Service"), .init("On most hosts"), .init("On others")], rows))
    }

    private static func names(_ hosts: [String]) -> String { hosts.listed(atMost: shownHosts) }

    private var findings: HTML {
        let parts = comparison.rows.filter { !$0.document["findings"].items.isEmpty }.map { row in
            let rows = row.document["findings"].items.map { finding in
                (
                    style: finding["severity"].string ?? "",
                    cells: [
                        HTML(finding["severity"].string ?? ""), HTML(HostPage.words(finding["id"])),
                        HTML(finding["message"].string ?? ""),
                    ]
                )
            }
            let head = "\(row.name): \(counted(row.errors, "error")), \(counted(row.warnings, "warning"))"
            let isOpen = row.errors > 0 ? [("open", "open")] : []
            return HTML.element(
                "details", isOpen,
                [.element("summary", head)]
                    + HostPage.bounded(
                        [.init("Severity"), .init("Kind"), .init("Finding")], rows, atMost: Self.shownFindings))
        }
        return parts.isEmpty ? .empty : .section("Findings of each host", parts)
    }
}
