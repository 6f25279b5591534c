internal import Printing

/// The page about one host, made from its report.
struct HostPage {
    private let document: JSON

    /// At most this many rows of a table are on the page; the JSON and the CSV have all.
    static let shownRows = 1000

    init(_ document: JSON) { self.document = document }

    /// The document.
    var text: String {
        HTML.document(
            title: "\(name): open ports, and why", style: PageStyle.text,
            [header, HTML.element("main", [], sections), footer])
    }

    private var name: String { document["host"].string ?? "a host" }

    // The head

    private var header: HTML {
        let time = document["time"].string ?? ""
        return .element(
            "header", [],
            [
                .element("h1", "\(name): open ports, and why"),
                .element("p", class: state.style, "State: \(document["state_text"].string ?? "unknown")"),
                .element("dl", [("class", "facts")], Self.terms(facts(time))),
                .element("div", [("class", "tiles")], tiles),
            ])
    }

    private func facts(_ time: String) -> [(String, String)] {
        [
            ("Made", time.isEmpty ? "unknown" : time),
            ("Policy", document["policy"]["file"].string ?? "unknown"),
            ("SHA-256 of the policy", document["policy"]["sha256"].string ?? "unknown"),
            ("Generation of the ruleset", document["generation"].scalar ?? "unknown"),
            ("portreeve", document["portreeve"].string ?? "unknown"),
            ("Last review", Self.day(document["reviewed"].string) ?? "never"),
        ] + (document["redacted"].isTrue ? [("Redacted", "names of people, and addresses of single clients")] : [])
    }

    /// The state in the colour of the worst of its words.
    private var state: (style: String, isGood: Bool) {
        let words = document["state"].items.compactMap(\.string)
        if words == ["in-sync"] { return ("state good", true) }
        return (
            words.allSatisfy { ["edited", "change-pending"].contains($0) } ? "state warning" : "state error", false
        )
    }

    private var tiles: [HTML] {
        let ports = document["ports"].items
        let open = ports.filter { ["reachable", "unknown"].contains($0["exposure"].string ?? "") }
        let undeclared = open.filter { !$0["declared"].isTrue }
        let findings = document["findings"].items
        func count(_ severity: String) -> Int { findings.count { $0["severity"].string == severity } }
        let services = Set(ports.compactMap(\.["service"].string))
        return [
            Self.tile(services.count, "services"), Self.tile(open.count, "open ports"),
            Self.tile(undeclared.count, "of them not in the policy", undeclared.isEmpty ? "good" : "error"),
            Self.tile(count("error"), "errors", count("error") == 0 ? "good" : "error"),
            Self.tile(count("warning"), "warnings", count("warning") == 0 ? "good" : "warning"),
            Self.tile(document["grants"].items.count + document["bans"].items.count, "grants and bans"),
        ]
    }

    static func tile(_ count: Int, _ noun: String, _ style: String = "") -> HTML {
        .element(
            "div", [("class", style.isEmpty ? "tile" : "tile \(style)")],
            [.element("strong", "\(count)"), .element("span", noun)])
    }

    static func terms(_ pairs: [(String, String)]) -> [HTML] {
        pairs.map { .element("div", [], [.element("dt", $0.0), .element("dd", $0.1)]) }
    }

    /// The day of a time.
    static func day(_ time: String?) -> String? { time.map { String($0.prefix { $0 != "T" }) } }

    private var footer: HTML {
        .element(
            "footer",
            "Made by portreeve from the kernel's ruleset, the sockets, the saved state and the policy of this host. Access is computed across all tables together, for new connections, as long as no rate limit is exceeded."
        )
    }

    // The sections

    private var sections: [HTML] {
        [findings, ports, temporary, directions, changes, controls, sources, unexamined]
    }

    private var findings: HTML {
        let all = document["findings"].items
        guard !all.isEmpty else {
            return .section("Findings", [.element("p", class: "good", "None: the host matches the policy.")])
        }
        let order = ["error", "warning", "notice"]
        let sorted = order.flatMap { severity in all.filter { $0["severity"].string == severity } }
        let rows = Self.grouped(sorted).map { group in
            let first = group[0]
            let isGroup = group.count > 1
            return (
                style: first["severity"].string ?? "",
                cells: [
                    HTML(first["severity"].string ?? ""), HTML(Self.words(first["id"])),
                    isGroup ? folded(group) : .lines([first["message"].string ?? ""] + acceptance(first)),
                    HTML(isGroup ? "" : Self.place(first["policy"])),
                ]
            )
        }
        return .section(
            "Findings",
            Self.bounded([.init("Severity"), .init("Kind"), .init("Finding"), .init("Policy")], rows))
    }

    /// At most this many findings of one kind have rows of their own.
    private static let mostAlike = 5

    /// The findings in their order; many of one kind and severity together, unless the policy accepts them, each for its reason.
    private static func grouped(_ findings: [JSON]) -> [[JSON]] {
        func key(_ finding: JSON) -> [String?]? {
            finding["accepted"]["why"].string == nil ? [finding["severity"].string, finding["id"].string] : nil
        }
        let groups = Dictionary(grouping: findings, by: key).filter { $0.key != nil && $0.value.count > mostAlike }
        var told: Set<[String?]> = []
        return findings.compactMap { finding in
            guard let key = key(finding), let group = groups[key] else { return [finding] }
            return told.insert(key).inserted ? group : nil
        }
    }

    /// The number of findings and the first one, below which a click shows all.
    private func folded(_ findings: [JSON]) -> HTML {
        let lines = findings.prefix(Self.shownRows).map { finding in
            let place = Self.place(finding["policy"])
            return (finding["message"].string ?? "") + (place.isEmpty ? "" : " (\(place))")
        }
        let rest = findings.count - lines.count
        let more = rest > 0 ? ["\(rest) more are in the JSON of the report."] : []
        let title = "\(findings.count) of this kind, the first: \(findings[0]["message"].string ?? "")"
        return .element("details", [], [.element("summary", title), .lines(lines + more)])
    }

    private func acceptance(_ finding: JSON) -> [String] {
        guard let why = finding["accepted"]["why"].string else { return [] }
        return ["accepted: \(why)" + (finding["accepted"]["owner"].string.map { " (\($0))" } ?? "")]
    }

    /// The file and the line of something in the policy.
    static func place(_ policy: JSON) -> String {
        guard let file = policy["file"].string, let line = policy["line"].number else { return "" }
        return "\(file.split(separator: "/").last ?? ""):\(line)"
    }

    /// A table of at most `shownRows`, and a line that counts the others.
    static func bounded(
        _ columns: [HTML.Column], _ rows: [(style: String, cells: [HTML])], atMost most: Int = shownRows
    ) -> [HTML] {
        let table = HTML.table(columns, Array(rows.prefix(most)))
        let rest = rows.count - most
        return rest > 0 ? [table, .element("p", "\(rest) more are in the JSON and the CSV of the report.")] : [table]
    }

    private var ports: HTML {
        let rows = document["ports"].items.map { PortRow($0, made: document["time"].string ?? "").row }
        return .section(
            "Who gets in",
            [
                .element(
                    "p",
                    "Each port that is declared, open or listened on. Use covers the last 90 days, by the day on which portreeve read the counters; taller means more."
                )
            ]
                + Self.bounded(PortRow.columns, rows))
    }

    private var temporary: HTML {
        func rows(_ kind: String, _ key: String) -> [(style: String, cells: [HTML])] {
            document[key].items.map { entry in
                let author = [
                    entry["login"].string ?? entry["user"].string, entry["client"].string.map { "from \($0)" },
                ]
                return (
                    style: entry["in_force"].isTrue ? "" : "warning",
                    cells: [
                        HTML(kind), HTML(entry["service"].string ?? "every port"), HTML(entry["address"].string ?? ""),
                        HTML(entry["until"].string ?? ""), HTML(entry["why"].string ?? ""),
                        HTML(author.compactMap(\.self).joined(separator: " ")),
                    ]
                )
            }
        }
        let all = rows("grant", "grants") + rows("ban", "bans")
        guard !all.isEmpty else { return .empty }
        let columns = ["Kind", "Service", "Address", "Until", "Why", "By"].map { HTML.Column($0) }
        return .section("Grants and bans in force", Self.bounded(columns, all))
    }

    private var directions: HTML {
        let rows = document["directions"].items.map { entry in
            let (verdict, isIn) = (entry["verdict"].string ?? "", entry["direction"].string == "in")
            let fate = verdict == "accept" && !isIn ? "let out" : Self.fates[verdict] ?? verdict
            return (
                style: isIn && verdict == "accept" ? "error" : "",
                cells: [
                    HTML(isIn ? "to this host" : "of this host"),
                    HTML(Self.families[entry["family"].string ?? ""] ?? ""), HTML(fate),
                ]
            )
        }
        return .section(
            "Traffic that no policy line covers",
            [HTML.table([.init("Direction"), .init("Family"), .init("What a new connection gets")], rows)])
    }

    private static let families = ["ipv4": "IPv4", "ipv6": "IPv6", "both": "IPv4 and IPv6"]
    private static let fates = [
        "accept": "let in", "drop": "dropped, without an answer", "reject": "refused, with an answer",
        "audit": "let out, and counted",
    ]

    /// The identifier of a kind of finding, in words.
    static func words(_ identifier: JSON) -> String { (identifier.string ?? "").replacing("-", with: " ") }

    private var changes: HTML {
        let all = document["changes"].items
        let since = Self.day(document["reviewed"].string)
        let heading = since.map { "Changes since the last review, \($0)" } ?? "Changes"
        guard !all.isEmpty else { return .section(heading, [.element("p", "None are recorded.")]) }
        let rows = all.map { change in (style: "", cells: ChangeRow(change).cells) }
        let columns: [HTML.Column] = [
            .init("Number", "number"), .init("Time", "date"), .init("By"), .init("What"), .init("Access gained"),
            .init("Access lost"),
        ]
        return .section(
            heading, [ChangeChart(all, made: document["time"].string ?? "").html] + Self.bounded(columns, rows))
    }

    /// At most this many addresses of a group are shown.
    private static let shownLines = 10

    private static let verdicts = [
        "holds": ("good", "holds"), "holds-in-part": ("warning", "holds in part"),
        "does-not-hold": ("error", "does not hold"), "not-examined": ("", "not examined"),
    ]

    private var controls: HTML {
        let rows = document["controls"].items.map { control in
            let (style, word) = Self.verdicts[control["verdict"].string ?? ""] ?? ("", "not examined")
            return (
                style: style,
                cells: [
                    HTML("\(control["standard"].string ?? "") \(control["control"].string ?? "")"),
                    HTML(control["title"].string ?? ""), HTML(word), HTML(control["evidence"].string ?? ""),
                ]
            )
        }
        return .section(
            "Controls",
            [.element("p", "What a port policy can show about these controls; their wording is shortened.")]
                + [HTML.table([.init("Control"), .init("Requirement"), .init("Verdict"), .init("Evidence")], rows)])
    }

    private var sources: HTML {
        let rows = document["sources"].items.map { group in
            let sources = group["sources"].items.compactMap(\.string)
            let names = group["names"].items.compactMap(\.string)
            let shown = sources.listed(atMost: Self.shownLines, of: group["ranges"].number)
            return (
                style: "",
                cells: [
                    HTML(group["name"].string ?? ""), HTML(group["ranges"].scalar ?? ""), HTML(shown),
                    HTML(names.joined(separator: ", ")),
                ]
            )
        }
        guard !rows.isEmpty else { return .empty }
        return .section(
            "Groups of addresses",
            Self.bounded(
                [.init("Group"), .init("Ranges", "number"), .init("Addresses"), .init("DNS names")], rows))
    }

    private var unexamined: HTML {
        let list = document["not_examined"].items.compactMap(\.string).map { HTML.element("li", $0) }
        return .section("What was not examined", [.element("ul", [], list)])
    }
}
