internal import Printing
internal import System

/// The widths of the columns of a table: the widest breakable ones are narrowed until the lines fit.
struct TextTableLayout {
    static let gap = "  "
    /// No column becomes narrower than this, nor than its heading, or an address or port in it.
    private static let narrowest = 8
    /// An address up to this width always fits its column: an IPv4 prefix.
    private static let shortAddress = 18

    /// The rows, the heading first, without the columns that are not shown.
    let cells: [[String]]
    /// The width of each column.
    private(set) var widths: [Int]
    /// Whether every line fits the terminal.
    private(set) var fits = true

    /// The column of the terminal at which the table ends.
    var end: Int { widths.reduce(Self.gap.count * (widths.count - 1), +) }

    /// Columns as wide as their addresses if the lines fit then, or else narrower ones, over which long addresses hang.
    ///
    /// - Parameters:
    ///   - rows: the rows, the heading first.
    ///   - columns: the columns that are shown.
    ///   - breakable: the columns whose cells may be broken into lines.
    ///   - width: the columns of the terminal that a line may have.
    /// - Returns: the widths.
    static func best(_ rows: [[String]], _ columns: [Int], _ breakable: Set<Int>, _ width: Int) -> Self {
        let layout = Self(rows, columns, breakable, width, longestAddress: .max)
        return layout.fits ? layout : Self(rows, columns, breakable, width, longestAddress: shortAddress)
    }

    private init(
        _ rows: [[String]], _ columns: [Int], _ breakable: Set<Int>, _ width: Int, longestAddress: Int
    ) {
        let cells = rows.map { row in columns.map { row[$0].printable } }
        self.cells = cells
        widths = columns.indices.map { column in cells.map { TextWidth.columns(of: $0[column]) }.max() ?? 0 }
        guard end > width else { return }
        let least = columns.indices.map { column in
            let longest = cells.map { $0[column].leastWidth(withAddressesTo: longestAddress) }.max() ?? 0
            return max(Self.narrowest, TextWidth.columns(of: cells[0][column]), longest)
        }
        let hanging = columns.indices.filter { column in
            cells.contains { $0[column].longestAddress > longestAddress }
        }
        while end > width {
            let open = columns.indices.filter { column in
                widths[column] > least[column] && (breakable.contains(columns[column]) || hanging.contains(column))
            }
            guard let widest = open.max(by: { widths[$0] < widths[$1] }) else {
                fits = false
                break
            }
            widths[widest] -= 1
        }
    }
}
