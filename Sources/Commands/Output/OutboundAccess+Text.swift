internal import Addressing
internal import Changes
internal import Policies
internal import Reachability
internal import System

extension OutboundAccess {
    /// One line per row for people: first gains, then losses, then unknown changes; the first lines of each.
    func lines(_ console: Console, atMost maximum: Int, hint: String?) -> [String] {
        let sections: [([Row], Console.Style, (Row) -> String)] = [
            (gained, .green, { "+ this host can connect to \($0.text)" }),
            (lost, .red, { "- this host can no longer connect to \($0.text)" }),
            (unknown, .yellow, { "? not known whether this host can connect to \($0.text)" }),
        ]
        let summary = summary(console)
        // Every port would be a line.
        if !summary.isEmpty, maximum < Int.max { return summary }
        return summary
            + sections.flatMap { rows, style, text in
                rows.map { console.styled(text($0), style) }.shortened(to: maximum, hint: hint)
            }
    }

    /// What changes for connections that no line lets out.
    private func summary(_ console: Console) -> [String] {
        switch modes {
        case (.accept, .reject), (.audit, .reject):
            [console.styled("- this host can begin only the connections that \"outbound\" lists", .red)]
        case (.reject, .accept), (.reject, .audit):
            [console.styled("+ this host can begin any connection", .green)]
        default: []
        }
    }

    /// The rows for programs, by their kind.
    var json: (gained: [JSON], lost: [JSON], unknown: [JSON]) {
        (gained.flatMap(\.json), lost.flatMap(\.json), unknown.flatMap(\.json))
    }
}

extension OutboundAccess.Row {
    /// The row in words.
    fileprivate var text: String {
        let owner = line.map { " (\($0))" } ?? ""
        let users = change.users.isEmpty ? "" : " as \(change.users.map(\.name).joined(separator: ", "))"
        let by = interfaces.isEmpty ? "" : " by \(interfaces.joined(separator: ", "))"
        return "\(change.transport.text(ports))\(owner) at \(change.sources.clientsText)\(users)\(by)"
    }

    private var interfaces: [String] { change.interfaces.map { $0 ?? "others" } }

    /// One object for each user, or one with `null` for all.
    fileprivate var json: [JSON] {
        let users: [JSON] = change.users.isEmpty ? [.null] : change.users.map { .string($0.name) }
        return users.map { user in
            var members: [(String, JSON)] = [
                ("direction", "out"), ("section", "outbound"), ("protocol", .string(change.transport.name)),
                ("port", change.transport.hasPorts ? ports.json : .null), ("family", .string(change.family.rawValue)),
                ("service", JSON(line)),
                (
                    "destinations",
                    .array(change.sources.texts(atMost: AccessReport.Row.listedSources).map(JSON.string))
                ),
                ("destinations_count", .number(change.sources.ipv4.ranges.count + change.sources.ipv6.ranges.count)),
                ("witness", JSON(change.sources.witness?.description)), ("user", user),
            ]
            if !interfaces.isEmpty { members.append(("interfaces", .array(interfaces.map(JSON.string)))) }
            if !change.doubts.isEmpty { members.append(("rules", .array(change.doubts.map { .string("\($0)") }))) }
            return .object(members)
        }
    }
}

extension SocketUser {
    /// The name of the user in the user database, or the number; words for the other classes.
    var name: String {
        switch self {
        case .number(let number): UserNames.name(of: number) ?? "\(number)"
        case .other: "others"
        case .none: "kernel"
        }
    }
}
