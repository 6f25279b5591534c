internal import Addressing
internal import Printing
internal import System

/// A table in columns that fits a terminal.
struct TextTable {
    private static let gap = "  "
    /// No column becomes narrower than this, nor than its heading, or an address or port in it.
    private static let narrowest = 8
    /// Words up to this width stay whole: names of processes and users, words of a sentence.
    private static let wholeWord = 14

    /// The placeholder for an empty cell.
    static let nothing = "-"

    private let cells: [[String]]
    /// The width of each column.
    private let widths: [Int]
    /// The headings of the columns that are left out because the terminal is too narrow.
    let omitted: [String]
    /// Whether every line fits the terminal.
    let fits: Bool

    /// Creates a table without empty columns; every row has as many cells as the heading.
    ///
    /// - Parameters:
    ///   - rows: the rows, the heading first.
    ///   - breakable: the columns whose cells may be broken into lines.
    ///   - omissible: the columns that are left out where the table does not fit otherwise, the first one first.
    ///   - width: the columns of the terminal that a line may have; any number if `nil`.
    init(_ rows: [[String]], breakable: Set<Int>, omissible: [Int] = [], width: Int?) {
        let columns = rows.first.map { Array($0.indices) } ?? []
        var kept = columns.filter { column in rows.dropFirst().contains { $0[column] != Self.nothing } }
        var omitted: [String] = []
        var layout = Layout(rows, kept, breakable, width ?? .max)
        for column in omissible where !layout.fits && kept.contains(column) {
            kept.removeAll { $0 == column }
            omitted.append(rows[0][column])
            layout = Layout(rows, kept, breakable, width ?? .max)
        }
        (cells, widths, self.omitted, fits) = (layout.cells, layout.widths, omitted, layout.fits)
    }

    /// The widths of columns: the widest breakable ones are narrowed until the lines fit.
    private struct Layout {
        let cells: [[String]]
        private(set) var widths: [Int]
        private(set) var fits = true

        init(_ rows: [[String]], _ columns: [Int], _ breakable: Set<Int>, _ width: Int) {
            let cells = rows.map { row in columns.map { row[$0].printable } }
            self.cells = cells
            widths = columns.indices.map { column in cells.map { TextWidth.columns(of: $0[column]) }.max() ?? 0 }
            let gaps = TextTable.gap.count * (widths.count - 1)
            guard widths.reduce(gaps, +) > width else { return }
            let least = columns.indices.map { column in
                let words = cells.flatMap { $0[column].split(separator: " ") }
                let longest = words.map { word in
                    let width = TextWidth.columns(of: word)
                    return word.isWhole || width <= TextTable.wholeWord ? width : TextTable.wholeWord
                }
                return max(TextTable.narrowest, cells[0][column].count, longest.max() ?? 0)
            }
            while widths.reduce(gaps, +) > width {
                let open = columns.indices.filter { breakable.contains(columns[$0]) && widths[$0] > least[$0] }
                guard let widest = open.max(by: { widths[$0] < widths[$1] }) else {
                    fits = false
                    break
                }
                widths[widest] -= 1
            }
        }
    }

    /// The lines of each row, aligned.
    var rows: [[String]] {
        cells.map { row in
            let columns = zip(row, widths).map { $0.broken(to: $1) }
            return (0..<(columns.map(\.count).max() ?? 0)).map { line in
                let parts = zip(columns, widths).map { column, width in
                    let part = line < column.count ? column[line] : ""
                    return part + String(repeating: " ", count: max(0, width - TextWidth.columns(of: part)))
                }
                let line = parts.joined(separator: Self.gap)
                let end = line.utf8.lastIndex { $0 != UInt8(ascii: " ") }
                return end.map { String(line[...$0]) } ?? ""
            }
        }
    }
}

extension Substring {
    /// Whether the word is an address, a prefix, a range or a port, whose beginning would be another one.
    fileprivate var isWhole: Bool {
        guard let digit = firstIndex(where: \.isNumber) else { return false }
        if let slash = firstIndex(of: "/"), index(after: slash) == digit { return true }
        return contains { $0 == "." || $0 == ":" }
            && (try? AddressRange(String(prefix { $0 != "," && $0 != ";" }))) != nil
    }

    /// The first characters, up to a width: as many as fit, and best those up to a hyphen or a dot.
    fileprivate func beginning(_ width: Int) -> Substring {
        var fitting = self
        while fitting.count > 1, TextWidth.columns(of: fitting) > width { fitting.removeLast() }
        guard fitting.count < count, let end = fitting.lastIndex(where: { "-.@_".contains($0) }) else { return fitting }
        let natural = fitting[...end]
        return natural.count * 2 >= fitting.count ? natural : fitting
    }
}

extension String {
    /// The most lines of a cell.
    private static let mostLines = 3

    /// The text in lines, broken between words, and a longer word that is no address within; of a list that is longer, the
    /// last line counts the rest.
    fileprivate func broken(to width: Int) -> [String] {
        guard TextWidth.columns(of: self) > width else { return [self] }
        var lines: [String] = []
        for word in split(separator: " ") {
            let longer = lines.last.map { $0 + " " + word }
            if let longer, TextWidth.columns(of: longer) <= width {
                lines[lines.count - 1] = longer
                continue
            }
            var rest = word
            while !word.isWhole, TextWidth.columns(of: rest) > width {
                let part = rest.beginning(width)
                lines.append(String(part))
                rest = rest.dropFirst(part.count)
            }
            lines.append(String(rest))
        }
        // A line that counts the rest is no shorter than one more entry.
        guard lines.count > Self.mostLines + 1 else { return lines }
        // What follows a comma or a semicolon at the end of a line is a whole entry.
        let shown = lines.prefix(Self.mostLines).lastIndex { $0.last.map(Self.separators.contains) ?? false }
        guard let shown else { return lines }
        let rest = lines[(shown + 1)...].joined(separator: " ").count(where: Self.separators.contains) + 1
        return lines[...shown] + ["and \(rest) more"]
    }

    private static let separators: Set<Character> = [",", ";"]
}
