internal import Printing

/// A port in the table of a page.
struct PortRow {
    private let port: JSON
    /// The time of the report.
    private let made: String

    init(_ port: JSON, made: String) {
        self.port = port
        self.made = made
    }

    static let columns: [HTML.Column] = [
        .init("Port"), .init("Service"), .init("From"), .init("Open to"), .init("Why"), .init("Owner, ticket"),
        .init("Listener"), .init("Last used", "date"), .init("Connections", "number"), .init("Use"),
        .init("Review", "date"),
        .init("Until", "date"),
    ]

    var row: (style: String, cells: [HTML]) {
        let entries = port["entries"].items.isEmpty ? (port["declared"].isTrue ? [port] : []) : port["entries"].items
        return (
            style: style,
            cells: [
                HTML(portText), HTML(port["service"].string ?? port["trusted"].string ?? "in no policy"),
                .lines(entries.map(Self.sources)), .lines(access), .lines(Self.distinct(entries.map(why))),
                .lines(Self.distinct(entries.map(owner))), .lines(listeners), HTML(lastUsed),
                HTML(port["hits"].scalar ?? ""), UseChart(port["use"].items, made: made).html, .lines(review),
                .lines(entries.compactMap { HostPage.day($0["expires"].string) }),
            ]
        )
    }

    private var style: String {
        let isOpen = ["reachable", "unknown"].contains(port["exposure"].string ?? "")
        if !port["declared"].isTrue { return isOpen ? "error" : "" }
        if case .bool(false) = port["as_declared"] { return "warning" }
        return port["loaded"].string == "yes" ? "" : "warning"
    }

    /// The port as everywhere, the protocol first.
    var portText: String {
        guard let kind = port["protocol"].string, kind != "any" else { return "every port" }
        let places = port["addresses"].items.compactMap(\.string)
        let at = places.isEmpty ? "" : " at \(places.joined(separator: ", "))"
        return (port["port"].scalar.map { "\(kind)/\($0)" } ?? kind) + at
    }

    /// The sources of an entry with its conditions, as the policy has them.
    static func sources(_ entry: JSON) -> String {
        let list = entry["sources"].items.compactMap(\.string).joined(separator: ", ")
        let except = entry["except"].items.compactMap(\.string).joined(separator: ", ")
        let interfaces = entry["interfaces"].items.compactMap(\.string).joined(separator: ", ")
        return list + (except.isEmpty ? "" : " except \(except)") + (interfaces.isEmpty ? "" : " on \(interfaces)")
            + (entry["limit"].string.map { ", at most \($0)" } ?? "")
            + (entry["connections"].scalar.map { ", at most \($0) connections" } ?? "")
    }

    /// At most this many sources are listed.
    private static let shownSources = 5

    /// The clients that get in, through all tables.
    var access: [String] {
        if case .bool(true) = port["as_declared"] { return ["as declared"] }
        let open = port["open_to"].items.map { access -> String in
            let sources = access["sources"].items.compactMap(\.string)
            let isAny = Set(sources) == ["0.0.0.0/0", "::/0"]
            let shown = sources.listed(atMost: Self.shownSources, of: access["sources_count"].number)
            let places = access["interfaces"].items.compactMap(\.string).joined(separator: ", ")
            let isDoubted = !access["unknown"].items.isEmpty
            return (isAny ? "anyone" : shown.isEmpty ? "not known" : shown) + (places.isEmpty ? "" : " on \(places)")
                + (isDoubted && !shown.isEmpty ? ", perhaps more" : "")
        }
        return open.isEmpty ? [port["exposure"].string == "trusted" ? "trusted only" : "no one"] : open
    }

    private func why(_ entry: JSON) -> String { entry["why"].string ?? port["why"].string ?? "" }

    private func owner(_ entry: JSON) -> String {
        let parts = ["owner", "ticket"].compactMap { entry[$0].string ?? port[$0].string }
        return parts.joined(separator: ", ")
    }

    private static func distinct(_ texts: [String]) -> [String] {
        texts.reduce(into: []) { list, text in if !text.isEmpty && !list.contains(text) { list.append(text) } }
    }

    /// The processes that listen, or what is known of them.
    var listeners: [String] {
        let texts = port["listeners"].items.flatMap { listener -> [String] in
            if listener["kernel"].isTrue { return ["kernel"] }
            let place = listener["address"].string.map { ["0.0.0.0", "::"].contains($0) ? "" : " at \($0)" } ?? ""
            let names = listener["processes"].items.compactMap { process -> String? in
                process["name"].string.map { name in name + (process["unit"].string.map { " (\($0))" } ?? "") }
            }
            return (names.isEmpty ? ["unknown process"] : names).map { $0 + place }
        }
        let containers = port["containers"].items.compactMap { $0["name"].string ?? $0["id"].string }
        let targets = port["to"].items.compactMap { $0.string.map { "to \($0)" } }
        return Self.distinct(targets + texts + containers.map { "container \($0)" })
    }

    private var lastUsed: String {
        if let time = HostPage.day(port["last_used"].string) { return time }
        return HostPage.day(port["counted_since"].string).map { "never, counted since \($0)" } ?? ""
    }

    private var review: [String] {
        guard port["declared"].isTrue else { return [] }
        guard let reviewed = HostPage.day(port["reviewed"].string) else { return ["never"] }
        guard let due = port["review_due"].string else { return [reviewed] }
        let day = HostPage.day(due) ?? ""
        return [reviewed, due <= made ? "due since \(day)" : "due \(day)"]
    }
}
