internal import Printing

/// The ports of reports as comma-separated values (RFC 4180): one row for each port and entry of its service.
struct ReportTable {
    private static let headings = [
        "host", "time", "protocol", "port", "service", "sources", "except", "interfaces", "limit", "expires", "why",
        "owner",
        "ticket", "reviewed", "review_due", "loaded", "exposure", "open_to", "as_declared", "listeners", "connections",
        "last_used", "policy",
    ]

    private let documents: [JSON]

    init(_ documents: [JSON]) { self.documents = documents }

    /// The text, its lines ended as the format wants it.
    var text: String {
        let rows = documents.flatMap { document in document["ports"].items.flatMap { Self.rows($0, document) } }
        return ([Self.headings] + rows).map { $0.map(Self.cell).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func rows(_ port: JSON, _ document: JSON) -> [[String]] {
        let row = PortRow(port, made: document["time"].string ?? "")
        let entries = port["entries"].items.isEmpty ? [port] : port["entries"].items
        return entries.map { entry in
            func text(_ key: String) -> String { entry[key].scalar ?? port[key].scalar ?? "" }
            func list(_ key: String) -> String { entry[key].items.compactMap(\.string).joined(separator: " ") }
            let asDeclared: String =
                if case .bool(let value) = port["as_declared"] { value ? "yes" : "no" } else { "" }
            return [
                document["host"].string ?? "", document["time"].string ?? "", text("protocol"), text("port"),
                port["service"].string ?? port["trusted"].string ?? "", list("sources"), list("except"),
                list("interfaces"), text("limit"), text("expires"), text("why"), text("owner"), text("ticket"),
                text("reviewed"), text("review_due"), text("loaded"), text("exposure"),
                row.access.joined(separator: "; "), asDeclared, row.listeners.joined(separator: "; "), text("hits"),
                text("last_used"), place(entry["policy"]),
            ]
        }
    }

    private static func place(_ policy: JSON) -> String {
        policy["file"].string.map { "\($0):\(policy["line"].scalar ?? "")" } ?? ""
    }

    /// A cell, in quotes where it needs them; one that a spreadsheet would take for a formula becomes text.
    private static func cell(_ text: String) -> String {
        var text = text.printable
        if let first = text.first, "=+-@".contains(first) { text = "'" + text }
        guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
