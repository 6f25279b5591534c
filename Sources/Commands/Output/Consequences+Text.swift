internal import Addressing
internal import Auditing
internal import Changes
internal import Listeners

extension Consequences {
    /// The listeners that lose clients, as a table, and other breakages; all, or the first of each.
    func breakLines(_ console: Console, isWhole: Bool) -> [[String]] {
        let maximum = isWhole ? Int.max : AccessReport.shownLines
        let others = breakages.filter { $0.identifier != .unreachableListener }
        return [
            clientLines(console, maximum),
            others.map { console.styled("! \($0.message)", .red) }.shortened(to: maximum),
        ]
    }

    private func clientLines(_ console: Console, _ maximum: Int) -> [String] {
        guard !clients.isEmpty else { return [] }
        let lines = TextTable(
            [["PORT", "PROCESS", "OPEN TODAY TO", "AFTER THIS"]] + clients.map(\.columns), cuttable: [1, 2, 3],
            width: console.columns
        ).lines
        let rows = zip(lines.dropFirst(), clients).map { line, client in
            console.styled(line, client.after.isEmpty ? .red : .yellow)
        }
        return [console.styled(lines[0], .bold)] + rows.shortened(to: maximum)
    }

    /// Gains and losses; all, or the first lines.
    func accessLines(_ console: Console, isWhole: Bool) -> [String] {
        access.groupedLines(console, atMost: isWhole ? .max : AccessReport.shownLines)
    }
}

extension ClientLoss {
    fileprivate var columns: [String] {
        let names = processes.map { "\($0.container?.text ?? $0.name) (pid \($0.pid))" }
        let closed = service == nil ? "closed: not in the policy" : "closed"
        return [
            port.text, names.isEmpty ? "-" : names.joined(separator: ", "), before.text,
            after.isEmpty ? closed : after.text,
        ]
    }
}

extension ClientLoss.Clients {
    fileprivate var text: String {
        if possible.isEmpty { return certain.clientsText }
        return certain.isEmpty ? "perhaps \(possible.clientsText)" : "\(certain.clientsText), perhaps more"
    }
}

extension [String] {
    /// The first lines, and the count of the rest.
    func shortened(to maximum: Int) -> [String] {
        guard count > maximum else { return self }
        return prefix(maximum) + ["  and \(count - maximum) more: --verbose shows all"]
    }
}

extension Finding {
    /// A breakage for programs, without absent members.
    var breakageJSON: JSON {
        var members: [(String, JSON)] = [("kind", .string(identifier.rawValue)), ("message", .string(message))]
        members += port?.members ?? []
        for (key, value) in [("service", service), ("table", table), ("chain", chain)] {
            if let value { members.append((key, .string(value))) }
        }
        if let process { members.append(("process", process.json)) }
        return .object(members)
    }
}
