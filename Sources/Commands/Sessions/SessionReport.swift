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
        let lines = table(shown, console) + scarcity(console) + (console.isQuiet ? [] : [summary])
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
        // The heading and the last line.
        let room = max(0, size.rows - top.count - 2)
        let shown = Array(sessions.connections.prefix(room))
        let rest = sessions.connections.count - shown.count
        let last = (rest > 0 ? "… \(rest) more; " : "") + "q quits"
        let rows = table(shown, console)
        return top + rows + Array(repeating: "", count: max(0, size.rows - 1 - top.count - rows.count)) + [last]
    }

    private func table(_ connections: [JudgedConnection], _ console: Console) -> [String] {
        guard !connections.isEmpty else { return [] }
        let lines = TextTable(
            [JudgedConnection.headings] + connections.map { $0.columns(now: now) },
            cuttable: JudgedConnection.cuttable, width: console.columns
        ).lines
        guard console.colorsOutput else { return lines }
        return [console.styled(lines[0], .bold)]
            + zip(lines.dropFirst(), connections).map { line, judged in
                judged.verdict == .refuse ? console.styled(line, .red) : line
            }
    }

    private func scarcity(_ console: Console) -> [String] {
        sessions.scarcePorts.map { console.styled("warning:", .yellow) + " " + $0.text }
    }

    /// The connections in one line: `12 of 40 connections: 9 in, 3 out; the policy refuses 2`.
    private var summary: String {
        let shown = sessions.connections
        let count =
            isFiltered
            ? "\(shown.count) of \(counted(sessions.total, "connection"))" : counted(shown.count, "connection")
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
            "total": .number(sessions.total), "local_ports": .array(sessions.scarcePorts.map(\.json)),
            "unknown": .array(doubts.map(JSON.string)),
        ]
    }
}

extension EphemeralPortUse {
    /// A sentence about the ports that are left.
    fileprivate var text: String {
        "\(used) of \(available) local ports of \(group.source) are in use for \(group.transport.name) to \(group.destination): "
            + "connections fail when none is left; widen net.ipv4.ip_local_port_range, or keep connections open"
    }

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
