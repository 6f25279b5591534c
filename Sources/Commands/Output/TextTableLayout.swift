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

    /// The layout with the fewest columns left out: with columns as wide as their addresses, or where that leaves out more, with
    /// narrower ones over which the long addresses of a few rows hang.
    ///
    /// - Parameters:
    ///   - rows: the rows, the heading first.
    ///   - choices: the columns that are shown, all first, then fewer.
    ///   - breakable: the columns whose cells may be broken into lines.
    ///   - leading: the one of these that has twice the room of the others.
    ///   - width: the columns of the terminal that a line may have.
    /// - Returns: the layout, and the place of its columns among the choices; the last one if none fits.
    static func best(
        _ rows: [[String]], _ choices: [[Int]], _ breakable: Set<Int>, leading: Int?, _ width: Int
    ) -> (layout: Self, choice: Int) {
        func first(_ longestAddress: Int, before end: Int) -> (layout: Self, choice: Int)? {
            for (choice, columns) in choices.prefix(end).enumerated() {
                let layout = Self(rows, columns, breakable, leading, width, longestAddress: longestAddress)
                if layout.fits { return (layout, choice) }
            }
            return nil
        }
        let whole = first(.max, before: choices.count)
        if let whole, whole.choice == 0 { return whole }
        let hanging = first(shortAddress, before: whole?.choice ?? choices.count)
        if let hanging, whole == nil || hanging.layout.hasFewHanging { return hanging }
        let last = choices.count - 1
        return whole ?? (Self(rows, choices[last], breakable, leading, width, longestAddress: shortAddress), last)
    }

    /// Whether long addresses hang over their columns in less than half of the rows.
    private var hasFewHanging: Bool {
        let rows = cells.dropFirst()
        return rows.count { row in zip(row, widths).contains { $0.longestAddress > $1 } } * 2 < rows.count
    }

    private init(
        _ rows: [[String]], _ columns: [Int], _ breakable: Set<Int>, _ leading: Int?, _ width: Int, longestAddress: Int
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
            // Twice the width, halved for the leading column.
            func demand(_ column: Int) -> Int { columns[column] == leading ? widths[column] : 2 * widths[column] }
            guard let widest = open.max(by: { demand($0) < demand($1) }) else {
                fits = false
                break
            }
            widths[widest] -= 1
        }
    }
}
