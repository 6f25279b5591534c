internal import Auditing
internal import Policies
internal import System

/// The refusals for people and programs.
struct RefusalReport {
    /// The refusals, the last one first.
    let refusals: [Refusal]
    /// The number of refused packets that were logged.
    let packets: Int
    /// The number of packets of them that are not listed.
    let forgotten: Int
    /// The highest rate of the log.
    let rate: Rate
    /// What is not known, in sentences.
    let doubts: [String]

    /// The most proposals on a terminal; a pipe gets all.
    private static let mostProposals = 10
    /// The most proposals below the table of a screen, which may take half of its lines.
    private static let mostOnScreen = 3

    /// Prints the table, the lines that would let sources in, and the summary; with `--quiet` only the table.
    func print(to console: Console, now: Int64) {
        guard !console.isJSON else { return console.print(json) }
        let table = RefusalTable(refusals, width: console.columns, now: now)
        let omission =
            table.omitted.isEmpty ? [] : ["a wider terminal also shows \(table.omitted.joined(separator: ", "))"]
        let rows = table.rows.enumerated().flatMap { index, lines in
            index == 0 && console.colorsOutput ? lines.map { console.styled($0, .bold) } : lines
        }
        let rest = console.isQuiet ? [] : omission + proposals(console) + [summary]
        if !(rows + rest).isEmpty { console.print((rows + rest).joined(separator: "\n")) }
        for doubt in doubts { console.note("portreeve: \(doubt)") }
    }

    /// The screen: a title, what is not known, as many sources as fit, and how to leave.
    func frame(_ size: TerminalSize, now: Int64, _ console: Console) -> [String] {
        let title = "portreeve refusals, \(UTCTime.text(now)): \(summary)"
        let top = ([title] + doubts.map { "not known: \($0)" }).flatMap {
            console.printable($0).split(separator: "\n").map(String.init)
        }
        let advice = proposals(console, atMost: Self.mostOnScreen).flatMap {
            console.printable($0).split(separator: "\n").map(String.init)
        }
        // Without the last line.
        let space = max(0, size.rows - top.count - 1)
        let bottom = advice.prefix(space / 2)
        let room = space - bottom.count
        let table = RefusalTable(refusals, width: console.columns, now: now)
        var (lines, shown) = ([String](), 0)
        for row in table.rows {
            guard lines.count + row.count <= room else { break }
            lines += row
            shown += 1
        }
        let rest = table.rows.count - shown
        let last = (rest > 0 ? "… \(rest) more; " : "") + "q quits"
        return top + lines + Array(repeating: "", count: room - lines.count) + bottom + [last]
    }

    /// For each port and reason the line that would let the last source in, if it can be honestly proposed.
    private func proposals(_ console: Console, atMost maximum: Int = mostProposals) -> [String] {
        var groups: [(refusal: Refusal, change: String, others: Int)] = []
        var places: [Refusal.Place: Int] = [:]
        for refusal in refusals {
            guard let change = refusal.change else { continue }
            if let place = places[refusal.place] {
                groups[place].others += 1
            } else {
                places[refusal.place] = groups.count
                groups.append((refusal, change, 0))
            }
        }
        let most = console.columns == nil || groups.count - 1 == maximum ? groups.count : maximum
        let lines = groups.prefix(most).map { refusal, change, others in
            let crowd = others == 0 ? "" : " (and \(counted(others, "other source")))"
            return "to \(refusal.aim)\(crowd): \(change)"
        }
        return lines + (groups.count > most ? ["… and \(groups.count - most) more; --format json lists each"] : [])
    }

    /// `12 refused packets of 3 sources were logged, at most 5/minute, so that there may be more`.
    private var summary: String {
        guard packets > 0 else { return "no refused packet was logged (at most \(rate) are)" }
        let sources = counted(Set(refusals.map(\.knock.source)).count, "source")
        let old = forgotten == 0 ? "" : "; \(forgotten) older ones are not listed"
        return
            "\(counted(packets, "refused packet")) of \(sources) logged, at most \(rate): there may be more\(old)"
    }

    private var json: JSON {
        [
            "format_version": 1, "refusals": .array(refusals.map(\.json)), "sampled": true, "rate": .string("\(rate)"),
            "packets": .number(packets), "not_listed": .number(forgotten), "unknown": .array(doubts.map(JSON.string)),
        ]
    }
}
