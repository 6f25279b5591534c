internal import Addressing
internal import Auditing
internal import Changes
internal import Listeners
internal import Policies
internal import System

/// The live connections for people and programs.
struct SessionReport {
    /// The connections at one time.
    struct Reading {
        /// The connections.
        let sessions: LiveSessions
        /// What could not be read, in sentences.
        let doubts: [String]
        /// The time in seconds since 1970-01-01T00:00:00Z.
        let now: Int64
    }

    private let sessions: LiveSessions
    private let doubts: [String]
    private let now: Int64
    /// Whether some connections were not asked for.
    private let isFiltered: Bool

    init(_ reading: Reading, isFiltered: Bool) {
        (sessions, doubts, now) = (reading.sessions, reading.doubts, reading.now)
        self.isFiltered = isFiltered
    }

    /// Prints the table and the summary; with `--quiet` only what the policy refuses, and ports that run out.
    func print(to console: Console) {
        guard !console.isJSON else { return console.print(json) }
        let shown = console.isQuiet ? sessions.connections.filter { $0.verdict == .refuse } : sessions.connections
        let table = table(shown, console)
        let omission =
            table.omitted.isEmpty ? [] : ["a wider terminal also shows \(table.omitted.joined(separator: ", "))"]
        let lines =
            table.rows.flatMap(\.self) + omission + scarcity(console) + (console.isQuiet ? [] : [summary])
        if !lines.isEmpty { console.print(lines.joined(separator: "\n")) }
        for doubt in doubts { console.note("portreeve: \(doubt)") }
    }

    /// The screen: a title, what runs out or is not known, as many connections as fit, and how to leave.
    func frame(_ size: TerminalSize, now: Int64, _ console: Console) -> [String] {
        let head = ["portreeve sessions, \(UTCTime.text(now)): \(summary)"]
        let notes = doubts.map { "not known: \($0)" }
        let top = (head + scarcity(console) + notes).flatMap {
            console.printable($0).split(separator: "\n").map(String.init)
        }
        // Without the last line.
        let room = max(0, size.rows - top.count - 1)
        let rows = table(Array(sessions.connections.prefix(room)), console).rows
        var (lines, shown) = ([String](), 0)
        for row in rows where lines.count + row.count <= room {
            lines += row
            shown += 1
        }
        // The heading is no connection.
        let rest = sessions.connections.count - max(0, shown - 1)
        let last = (rest > 0 ? "… \(rest) more; " : "") + "q quits"
        return top + lines + Array(repeating: "", count: room - lines.count) + [last]
    }

    /// The lines of the heading and of each connection, none without connections; and the headings of columns that do not fit.
    private func table(
        _ connections: [JudgedConnection], _ console: Console
    ) -> (rows: [[String]], omitted: [String]) {
        guard !connections.isEmpty else { return ([], []) }
        let cells = [JudgedConnection.headings] + connections.map { $0.columns(now: now) }
        func laidOut(_ breakable: Set<Int>) -> TextTable {
            TextTable(
                cells, breakable: breakable, omissible: JudgedConnection.omissible, width: console.columns)
        }
        var table = laidOut(JudgedConnection.breakable)
        if !table.fits { table = laidOut(JudgedConnection.breakable.union([JudgedConnection.policyColumn])) }
        let rows = table.rows
        guard console.colorsOutput else { return (rows, table.omitted) }
        let styled = zip(rows.dropFirst(), connections).map { lines, judged in
            judged.verdict == .refuse ? lines.map { console.styled($0, .red) } : lines
        }
        return ([rows[0].map { console.styled($0, .bold) }] + styled, table.omitted)
    }

    private func scarcity(_ console: Console) -> [String] {
        sessions.scarcePorts.map { console.styled("warning:", .yellow) + " " + $0.text }
    }

    /// The connections in one line: `12 of 40 connections: 9 in, 3 out; the policy refuses 2`.
    private var summary: String {
        let shown = sessions.connections
        let all =
            isFiltered
            ? "\(shown.count) of \(counted(sessions.total, "connection"))" : counted(shown.count, "connection")
        let count = sessions.doubts.isEmpty ? all : "\(all) known, and others may be open"
        let parts = LiveConnection.Direction.allCases.compactMap { direction in
            let count = shown.count { $0.connection.direction == direction }
            return count == 0 ? nil : "\(count) \(direction.rawValue)"
        }
        let refused = shown.count { $0.verdict == .refuse }
        return count + (parts.isEmpty ? "" : ": " + parts.joined(separator: ", "))
            + (refused == 0 ? "" : "; the policy refuses \(refused)")
    }

    private var json: JSON {
        [
            "format_version": 1, "sessions": .array(sessions.connections.map(\.json)),
            // None that is known is not none.
            "total": sessions.total == 0 && !doubts.isEmpty ? .null : .number(sessions.total),
            "local_ports": .array(sessions.scarcePorts.map(\.json)),
            "unknown": .array(doubts.map(JSON.string)),
        ]
    }
}

extension EphemeralPortUse {
    /// The ports for programs.
    fileprivate var json: JSON {
        [
            "protocol": .string(group.transport.name), "source": .string("\(group.source)"),
            "destination": group.destination.json, "used": .number(used), "available": .number(available),
        ]
    }
}

extension Endpoint {
    /// The endpoint for programs.
    var json: JSON { ["address": .string("\(address)"), "port": .number(Int(port))] }
}
