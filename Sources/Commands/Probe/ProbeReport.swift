internal import Addressing
internal import Auditing
internal import Listeners
internal import Printing

/// The results of a probe, to be written.
struct ProbeReport {
    let host: String
    let address: IPAddress
    let source: IPAddress
    let results: [ProbeResult]
    /// The ports of the command line, which have a row of their own.
    let asked: [ProbeTarget]
    /// The number of ports of services that were not tried.
    let leftOut: Int
    /// Seconds since 1970-01-01T00:00:00Z.
    let now: Int64

    /// Writes the ports of services and the contradictions, and counts the others; with `--quiet` only contradictions.
    func print(to console: Console) {
        let shown = results.filter { $0.verdict.isContradiction || !console.isQuiet && isListed($0) }
        let rows = [["PORT", "SERVICE", "POLICY", "SEEN", "VERDICT", ""]] + shown.map(\.row)
        let table = TextTable(rows, breakable: [1, 5], width: console.columns).rows
        var lines = shown.isEmpty ? [] : table[0]
        for (row, result) in zip(table.dropFirst(), shown) {
            lines += result.verdict.isContradiction ? row.map { console.styled($0, .red) } : row
        }
        if !console.isQuiet {
            let place = host == "\(address)" ? host : "\(host) (\(address))"
            lines = ["\(place) from \(source)", ""] + lines + [""] + remarks
        }
        if !lines.isEmpty { console.print(lines.joined(separator: "\n")) }
    }

    /// Whether the port has a row whatever the verdict.
    private func isListed(_ result: ProbeResult) -> Bool {
        result.question.service != nil || asked.contains(result.question.target)
    }

    /// The counts of the ports that have no row, and of all.
    private var remarks: [String] {
        let others = results.filter { !isListed($0) && !$0.verdict.isContradiction }
        var lines: [String] = []
        if !others.isEmpty {
            lines.append("\(counted(others.count, "port")) of no service: \(Self.counts(of: others))")
            let unproved = others.filter { $0.verdict == .notProved }.map(\.port)
            if !unproved.isEmpty { lines.append("not proved: \(unproved.joined(separator: ", "))") }
        }
        if leftOut > 0 { lines.append("\(counted(leftOut, "port")) of services not tried") }
        if results.contains(where: { $0.verdict == .openThoughClosed }) {
            lines.append("a grant may have opened the port: only \"portreeve status\" on \(host.printable) can tell")
        }
        return lines + ["all: \(Self.counts(of: results))"]
    }

    private static func counts(of results: [ProbeResult]) -> String {
        let counts = ProbeResult.Verdict.allCases.map { verdict in (verdict, results.count { $0.verdict == verdict }) }
        return counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0.rawValue)" }.joined(separator: ", ")
    }

    /// The report for programs.
    var json: JSON {
        [
            "format_version": 1, "host": .string(host), "address": .string("\(address)"),
            "source": .string("\(source)"), "ports_left_out": .number(leftOut),
            "results": .array(results.map(\.json)),
        ]
    }

    /// A test case for each port; a port of which nothing is proved is skipped.
    func junit(on reporter: String) -> JUnitReport {
        JUnitReport(name: "portreeve probe", host: reporter, now: now, cases: results.map { $0.testCase(of: host) })
    }
}

extension ProbeResult {
    /// The port, the protocol first: `tcp/22`.
    var port: String {
        question.target.transport.text(question.target.port...question.target.port)
    }

    fileprivate var row: [String] {
        [port, question.service ?? TextTable.nothing, question.expected.word, seen.word, verdict.rawValue, doubt ?? ""]
    }

    fileprivate var json: JSON {
        [
            "protocol": .string(question.target.transport.name), "port": .number(Int(question.target.port)),
            "service": JSON(question.service), "expected": .string(question.expected.rawValue),
            "seen": .string(seen.code), "verdict": .string(verdict.rawValue), "reason": JSON(doubt),
        ]
    }

    fileprivate func testCase(of host: String) -> JUnitReport.Case {
        var test = JUnitReport.Case(group: "probe", name: "\(host) \(port)\(question.service.map { " (\($0))" } ?? "")")
        if verdict.isContradiction {
            test.failures = ["the policy says \(question.expected.word), and the port is \(seen.word)"]
        }
        test.omission = doubt
        return test
    }
}

extension ConnectionVerdict {
    fileprivate var word: String {
        switch self {
        case .accept: "open"
        case .refuse: "closed"
        case .unknown: "unknown"
        }
    }
}

extension ProbeAnswer {
    fileprivate var word: String {
        switch self {
        case .open: "open"
        case .closed: "reset"
        case .prohibited: "prohibited"
        case .unreachable: "unreachable"
        case .silence: "silent"
        case .failure: TextTable.nothing
        }
    }

    fileprivate var code: String {
        switch self {
        case .open: "open"
        case .closed: "closed"
        case .prohibited: "prohibited"
        case .unreachable: "unreachable"
        case .silence: "silence"
        case .failure: "failure"
        }
    }
}
