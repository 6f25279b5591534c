internal import Auditing
internal import Changes
internal import Listeners

extension ListenerChanges {
    /// The listeners whose clients change, as a table, those first that lose clients; and why they are not known.
    func lines(_ console: Console, isWhole: Bool) -> [String] {
        let maximum = isWhole ? Int.max : AccessReport.shownLines
        let closed = closings.map(\.columns)
        // A listener that gains some clients and loses others is in both lists.
        let opened = openings.filter { !closed.contains($0.columns) }
        let rows =
            closings.map { ($0.columns, $0.after.isEmpty ? Console.Style.red : .yellow) }
            + opened.map { ($0.columns, $0.before.isEmpty ? .red : .yellow) }
        let table: [String] = rows.isEmpty ? [] : .clientTable(rows, console, maximum, hint: "--verbose")
        return table + (doubt.map { [console.styled("! \($0)", .yellow)] } ?? [])
    }

    /// The listeners that more clients reach, for programs.
    var openingsJSON: JSON { .array(openings.map(\.json)) }
}

extension ListenerChanges.Row {
    fileprivate var columns: [String] { [port.text, processes.listText, beforeText, afterText] }

    private var beforeText: String { before.isEmpty ? "closed" : before.text }

    private var afterText: String { after.isEmpty ? "closed" : after.text }

    /// The listener for programs.
    fileprivate var json: JSON {
        .object(
            port.members + [
                ("processes", .array(processes.map(\.json))), ("before", .string(beforeText)),
                ("after", .string(afterText)),
            ])
    }
}
