internal import Auditing
internal import Changes
internal import Listeners

extension ListenerChanges {
    /// The listeners whose clients change with this access, as a table; and why they are not known.
    func lines(_ console: Console, of access: AccessReport, isWhole: Bool) -> [String] {
        let maximum = isWhole ? Int.max : AccessReport.shownLines
        let closed = closings.map { $0.row(in: access) }
        // A listener that gains some clients and loses others is in both lists.
        let both = Set(closings.map { $0.columns })
        let opened = openings.filter { !both.contains($0.columns) }.map { $0.row(in: access) }
        let table = (closed + opened).lines(console, atMost: maximum, hint: "--verbose")
        return .closing(ssh: closedSSH, console) + table + (doubt.map { [console.styled("! \($0)", .yellow)] } ?? [])
    }

    /// The listeners that more clients reach, for programs.
    var openingsJSON: JSON { .array(openings.map(\.json)) }
}

extension ListenerChanges.Row {
    fileprivate var columns: [String] { [port.text, processes.listText, beforeText, afterText] }

    fileprivate func row(in access: AccessReport) -> ClientRow {
        ClientRow(
            port, [processes.listText, beforeText, afterText], isWhole: before.isEmpty || after.isEmpty, in: access)
    }

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
