internal import Auditing
internal import Changes
internal import Listeners

extension Removal {
    /// The listeners that become open, as a table; then the sources that gain access, and the tables that stay.
    func text(_ console: Console, named names: SourceNames, isWhole: Bool) -> String {
        let maximum = isWhole ? Int.max : AccessReport.shownLines
        let openings = self.openings
        let table: [String] =
            openings.isEmpty
            ? []
            : .clientTable(
                openings.map { ($0.columns, $0.before.isEmpty ? .red : .yellow) }, console, maximum, hint: "--verbose")
        let notes = doubt.map { [console.styled("! \($0)", .yellow)] } ?? []
        let gains = access.changeLines(console, named: names, atMost: maximum, hint: "--verbose")
        let nothing = access.isEmpty ? ["no source gains access: other tables refuse the same packets"] : []
        return [table, notes, gains + nothing, [stays]].filter { !$0.isEmpty }
            .map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var stays: String {
        others == 0 ? "no other table stays" : "\(counted(others, "other table")) \(others == 1 ? "stays" : "stay")"
    }

    /// The consequences for programs.
    var members: [(String, JSON)] { [("access", access.json), ("opens", .array(openings.map(\.json)))] }
}

extension Removal.Opening {
    fileprivate var columns: [String] {
        [port.text, processes.listText, before.isEmpty ? "closed" : before.text, after.text]
    }

    /// The listener for programs.
    fileprivate var json: JSON {
        .object(
            port.members + [
                ("processes", .array(processes.map(\.json))),
                ("before", .string(before.isEmpty ? "closed" : before.text)),
                ("after", .string(after.text)),
            ])
    }
}
