internal import Printing
internal import System

/// A table in columns that fits a terminal.
struct TextTable {
    private static let gap = "  "
    /// No column is cut to less than this, nor to less than its heading.
    private static let narrowest = 6

    /// The placeholder for an empty cell.
    static let nothing = "-"

    private let rows: [[String]]
    private let cuttable: Set<Int>
    private let width: Int

    /// Creates a table; every row has as many cells as the heading.
    ///
    /// - Parameters:
    ///   - rows: the rows, the heading first.
    ///   - cuttable: the columns that may be cut.
    ///   - width: the columns of the terminal that a line may have; any number if `nil`.
    init(_ rows: [[String]], cuttable: Set<Int>, width: Int?) {
        let columns = rows.first.map { Array($0.indices) } ?? []
        let kept = columns.filter { column in rows.dropFirst().contains { $0[column] != Self.nothing } }
        self.rows = rows.map { row in kept.map { row[$0].printable } }
        self.width = width ?? .max
        self.cuttable = Set(kept.indices.filter { cuttable.contains(kept[$0]) })
    }

    /// The aligned rows, without empty columns; the widest cuttable columns are cut until the lines fit.
    var lines: [String] {
        guard let columns = rows.first?.indices else { return [] }
        var widths = columns.map { column in rows.map { TextWidth.columns(of: $0[column]) }.max() ?? 0 }
        while widths.reduce(0, +) + Self.gap.count * (widths.count - 1) > width {
            let open = cuttable.sorted().filter { widths[$0] > max(Self.narrowest, rows[0][$0].count) }
            guard let widest = open.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
        }
        return rows.map { row in
            let cells = zip(row, widths).map { text, width in
                let cut = text.cut(to: width)
                return cut + String(repeating: " ", count: max(0, width - TextWidth.columns(of: cut)))
            }
            let line = cells.joined(separator: Self.gap)
            let end = line.utf8.lastIndex { $0 != UInt8(ascii: " ") }
            return end.map { String(line[...$0]) } ?? ""
        }
    }
}

extension String {
    /// The text, or its beginning and an ellipsis if it is wider.
    fileprivate func cut(to width: Int) -> String {
        guard TextWidth.columns(of: self) > width else { return self }
        var cut = self
        while !cut.isEmpty && TextWidth.columns(of: cut) >= width { cut.removeLast() }
        return cut + "…"
    }
}
