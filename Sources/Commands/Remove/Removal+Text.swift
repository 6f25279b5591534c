internal import Changes

extension Removal {
    /// The listeners that become open, as a table; then the sources that gain access, and the tables that stay.
    func text(_ console: Console, named names: SourceNames, isWhole: Bool) -> String {
        let maximum = isWhole ? Int.max : AccessReport.shownLines
        let gains = access.changeLines(console, named: names, atMost: maximum, hint: "--verbose")
        let nothing = access.isEmpty ? ["no source gains access: other tables refuse the same packets"] : []
        return [listeners.lines(console, of: access, isWhole: isWhole), gains + nothing, ending, [rest]].filter {
            !$0.isEmpty
        }
        .map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    /// The grants and bans that end with the table.
    private var ending: [String] {
        let lines = grants.lines(in: table) + grants.bans.lines(in: table)
        return lines.isEmpty ? [] : ["these end with the table:"] + lines.map { "  \($0)" }
    }

    private var rest: String {
        others == 0
            ? "no other table filters packets on this host"
            : "\(counted(others, "table")) of other programs \(others == 1 ? "stays" : "stay") loaded"
    }

    /// The consequences for programs.
    var members: [(String, JSON)] {
        [
            ("access", access.json), ("opens", listeners.openingsJSON), ("grants", grants.json(in: table)),
            ("bans", grants.bans.json(in: table)),
        ]
    }
}
