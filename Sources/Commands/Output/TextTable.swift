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
    /// An address up to this width always fits its column: an IPv4 prefix.
    private static let shortAddress = 18

    /// The placeholder for an empty cell.
    static let nothing = "-"

    private let cells: [[String]]
    /// The width of each column.
    private let widths: [Int]
    /// The columns of the terminal.
    private let width: Int
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
        var layout = Layout.best(rows, kept, breakable, width ?? .max)
        for column in omissible where !layout.fits && kept.contains(column) {
            kept.removeAll { $0 == column }
            omitted.append(rows[0][column])
            layout = Layout.best(rows, kept, breakable, width ?? .max)
        }
        (cells, widths, self.omitted, fits) = (layout.cells, layout.widths, omitted, layout.fits)
        self.width = width ?? .max
    }

    /// The widths of columns: the widest breakable ones are narrowed until the lines fit.
    private struct Layout {
        let cells: [[String]]
        private(set) var widths: [Int]
        private(set) var fits = true

        /// Columns as wide as their addresses if the lines fit then, or else narrower ones, over which long addresses hang.
        static func best(_ rows: [[String]], _ columns: [Int], _ breakable: Set<Int>, _ width: Int) -> Self {
            let layout = Self(rows, columns, breakable, width, longestAddress: .max)
            return layout.fits
                ? layout : Self(rows, columns, breakable, width, longestAddress: TextTable.shortAddress)
        }

        private init(
            _ rows: [[String]], _ columns: [Int], _ breakable: Set<Int>, _ width: Int, longestAddress: Int
        ) {
            let cells = rows.map { row in columns.map { row[$0].printable } }
            self.cells = cells
            widths = columns.indices.map { column in cells.map { TextWidth.columns(of: $0[column]) }.max() ?? 0 }
            let gaps = TextTable.gap.count * (widths.count - 1)
            guard widths.reduce(gaps, +) > width else { return }
            let least = columns.indices.map { column in
                let longest = cells.flatMap { $0[column].split(separator: " ") }.map { word in
                    let width = TextWidth.columns(of: word)
                    if word.isWhole { return width > longestAddress ? 0 : width }
                    return min(width, TextTable.wholeWord)
                }
                return max(TextTable.narrowest, cells[0][column].count, longest.max() ?? 0)
            }
            let hanging = columns.indices.filter { column in
                cells.contains { $0[column].longestAddress > longestAddress }
            }
            while widths.reduce(gaps, +) > width {
                let open = columns.indices.filter { column in
                    widths[column] > least[column]
                        && (breakable.contains(columns[column]) || hanging.contains(column))
                }
                guard let widest = open.max(by: { widths[$0] < widths[$1] }) else {
                    fits = false
                    break
                }
                widths[widest] -= 1
            }
        }
    }

    /// The lines of each row, aligned.
    var rows: [[String]] { cells.map(lines) }

    /// The lines of a row; below a cell with an address that hangs over its column stand the next columns.
    private func lines(of row: [String]) -> [String] {
        var lines: [String] = []
        var band: [(start: Int, text: [String])] = []
        var start = 0
        for (cell, width) in zip(row, widths) {
            let longest = cell.longestAddress
            if longest <= width {
                band.append((start, cell.broken(to: width)))
            } else {
                let place = max(0, min(start, self.width - longest))
                if place < start { lines += Self.lines(of: band) }
                band = (place < start ? [] : band) + [(place, cell.broken(to: self.width - place))]
                lines += Self.lines(of: band)
                band = []
            }
            start += width + Self.gap.count
        }
        return lines + Self.lines(of: band)
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

extension Substring {
    /// Whether the word is an address, a prefix, a range, an endpoint or a port, whose beginning would be another one.
    fileprivate var isWhole: Bool {
        guard let digit = firstIndex(where: \.isNumber) else { return false }
        if let slash = firstIndex(of: "/"), index(after: slash) == digit { return true }
        return contains { $0 == "." || $0 == ":" } && (isAddress || isEndpoint)
    }

    private var isAddress: Bool { (try? AddressRange(String(bare))) != nil }

    /// Whether it is `192.0.2.7:22` or `[2001:db8::7]:22`.
    private var isEndpoint: Bool {
        guard let colon = bare.lastIndex(of: ":"), UInt16(bare[bare.index(after: colon)...]) != nil else {
            return false
        }
        let host = bare[..<colon]
        let address = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host
        return address.isAddress
    }

    /// The word without the punctuation of a list around it.
    private var bare: Substring {
        let start = drop { $0 == "(" }
        return start.prefix { !",;)".contains($0) }
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
    /// The width of the longest address, endpoint or port in the text; 0 without one.
    fileprivate var longestAddress: Int {
        split(separator: " ").filter(\.isWhole).map { TextWidth.columns(of: $0) }.max() ?? 0
    }

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
