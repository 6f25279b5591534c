internal import Addressing
internal import Auditing
internal import Changes

/// A row about listeners whose clients a change adds or takes away: of one port, or of neighbouring ports that are alike.
struct ClientRow {
    private(set) var port: AuditedPort
    /// The number of ports.
    private(set) var count = 1
    /// The processes, and the clients today and after the change, in words.
    let cells: [String]
    /// Whether no client can connect on one side of the change.
    let isWhole: Bool
    /// Whether a service declares the port, before or after the change.
    let isDeclared: Bool

    init(_ port: AuditedPort, _ cells: [String], isWhole: Bool, in access: AccessReport) {
        (self.port, self.cells, self.isWhole) = (port, cells, isWhole)
        isDeclared = access.declares(port)
    }

    fileprivate var columns: [String] { [port.text + (count > 1 ? " (\(count))" : "")] + cells }

    fileprivate var style: Console.Style { isWhole ? .red : .yellow }

    /// Whether the next row differs in the number of the port alone.
    fileprivate func precedes(_ next: ClientRow) -> Bool {
        port.transport == next.port.transport && port.transport.hasPorts && cells == next.cells
            && isWhole == next.isWhole && isDeclared == next.isDeclared
            && Int(port.range.upperBound) + 1 == Int(next.port.range.lowerBound)
    }

    fileprivate mutating func absorb(_ next: ClientRow) {
        port.range = port.range.lowerBound...next.port.range.upperBound
        count += next.count
    }
}

extension AccessReport {
    /// Whether a service declares a port, or some of a range, before or after the change.
    func declares(_ port: AuditedPort) -> Bool {
        declared[port.transport].map { !$0.intersection(IntervalSet([port.range])).isEmpty } ?? false
    }
}

extension [ClientRow] {
    /// A table of the first rows, and the count of the other ports.
    ///
    /// Ports of services come first, then all others; within each, ports that lose or gain every client. Neighbouring ports that
    /// differ in nothing else share a row.
    func lines(_ console: Console, atMost maximum: Int, hint: String?) -> [String] {
        guard !isEmpty else { return [] }
        let rows = folded.ordered
        let maximum = [String].shown(rows.count, maximum)
        let headings = ["PORT", "PROCESS", "OPEN TODAY TO", "AFTER THIS"]
        let table = TextTable(
            [headings] + rows.map(\.columns).prefix(maximum), breakable: [1, 2, 3], width: console.columns
        ).rows
        let styled = zip(table.dropFirst(), rows).flatMap { lines, row in lines.map { console.styled($0, row.style) } }
        let rest = rows.dropFirst(maximum).reduce(0) { $0 + $1.count }
        return table[0].map { console.styled($0, .bold) } + styled + .rest(rest, hint)
    }

    private var folded: [ClientRow] {
        reduce(into: []) { rows, row in
            if let last = rows.last, last.precedes(row) { rows[rows.count - 1].absorb(row) } else { rows.append(row) }
        }
    }

    private var ordered: [ClientRow] {
        [true, false].flatMap { isDeclared in
            let rows = filter { $0.isDeclared == isDeclared }
            return rows.filter(\.isWhole) + rows.filter { !$0.isWhole }
        }
    }
}
