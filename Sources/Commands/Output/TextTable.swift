internal import Printing
internal import System

/// A table in columns that fits a terminal; on one that is too narrow for columns, a list of headings and values for each row.
struct TextTable {
    /// The placeholder for an empty cell.
    static let nothing = "-"

    private let layout: TextTableLayout
    /// The columns of the terminal.
    private let width: Int
    /// The headings of the columns that are left out because the terminal is too narrow.
    let omitted: [String]

    /// Whether the columns fit the terminal.
    var fits: Bool { layout.fits }

    /// Creates a table without empty columns; every row has as many cells as the heading.
    ///
    /// - Parameters:
    ///   - rows: the rows, the heading first.
    ///   - breakable: the columns whose cells may be broken into lines.
    ///   - leading: the one of these that has twice the room of the others.
    ///   - omissible: the columns that are left out where the table does not fit otherwise, the first one first.
    ///   - width: the columns of the terminal that a line may have; any number if `nil`.
    init(
        _ rows: [[String]], breakable: Set<Int>, leading: Int? = nil, omissible: [Int] = [], width: Int?
    ) {
        let columns = rows.first.map { Array($0.indices) } ?? []
        let filled = columns.filter { column in rows.dropFirst().contains { $0[column] != Self.nothing } }
        let expendable = omissible.filter(filled.contains)
        let choices = (0...expendable.count).map { count in
            filled.filter { !expendable.prefix(count).contains($0) }
        }
        let best = TextTableLayout.best(rows, choices, breakable, leading: leading, width ?? .max)
        layout = best.layout
        omitted = expendable.prefix(best.choice).map { rows[0][$0] }
        self.width = width ?? .max
    }

    /// The lines of each row, the heading first; that has none where the rows are lists.
    var rows: [[String]] {
        guard fits else { return [[]] + layout.cells.dropFirst().map(list) }
        return layout.cells.map(lines)
    }

    /// The row as a list: `PORT: tcp/22`, and indented below it the other headings with their values.
    private func list(of row: [String]) -> [String] {
        let pairs = zip(layout.cells[0], row).enumerated().filter { $0.offset == 0 || $0.element.1 != Self.nothing }
        return pairs.flatMap { index, pair in
            let indent = index == 0 ? 0 : Self.indent
            let label = pair.0.isEmpty ? "" : "\(pair.0): "
            // A long address starts further left rather than end in the next line of the terminal.
            let place = max(0, min(indent + Self.indent, width - pair.1.longestAddress))
            let lines = (label + pair.1).broken(to: width - max(indent, place))
            return lines.enumerated().map { number, line in
                String(repeating: " ", count: number == 0 ? indent : place) + line
            }
        }
    }

    /// The columns by which values of a list, and the lines that go on with one, are indented.
    private static let indent = 2

    /// The lines of a row; long addresses that hang over their column have lines of their own, below the other cells.
    private func lines(of row: [String]) -> [String] {
        var band: [(start: Int, text: [String])] = []
        var hanging: [String] = []
        var start = 0
        for (cell, width) in zip(row, layout.widths) {
            let longest = cell.longestAddress
            let place = max(0, min(start, self.width - longest))
            if longest <= width {
                band.append((start, cell.broken(to: width)))
            } else if start + width == layout.end, place == start {
                // Nothing stands behind the last column.
                band.append((start, cell.broken(to: self.width - start)))
            } else {
                let parts = cell.broken(to: self.width - place)
                hanging += Self.lines(of: [(place, parts)])
            }
            start += width + TextTableLayout.gap.count
        }
        return Self.lines(of: band) + hanging
    }

    /// The lines of neighbouring cells, each of which starts at a column of the terminal.
    private static func lines(of cells: [(start: Int, text: [String])]) -> [String] {
        (0..<(cells.map(\.text.count).max() ?? 0)).map { index in
            var line = ""
            // Blanks before an empty cell would stand at the end of the line.
            for cell in cells where index < cell.text.count && !cell.text[index].isEmpty {
                line += String(repeating: " ", count: max(0, cell.start - TextWidth.columns(of: line)))
                line += cell.text[index]
            }
            return line
        }
    }
}
