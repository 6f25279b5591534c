internal import System

extension String {
    /// A question with longer lines broken between words, and room for a short answer behind the last one.
    func question(in columns: Int?) -> String {
        guard let columns, let end = lastIndex(where: { $0 != " " }) else { return self }
        return String(self[...end]).wrapped(to: max(1, columns - Self.answerWidth)) + self[index(after: end)...]
    }

    /// The columns of `yes`.
    private static let answerWidth = 3

    /// Lines that start with so many spaces are code or aligned with others, and are not broken.
    private static let codeIndent = 4

    /// The text with longer lines broken between words, and what follows a break indented by two more columns.
    func wrapped(to columns: Int) -> String {
        split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let indent = line.prefix { $0 == " " }.count
            let isText = indent < Self.codeIndent
            guard isText, TextWidth.columns(of: line.withoutStyles) > columns else { return String(line) }
            return line.brokenLines(columns, indent: indent).joined(separator: "\n")
        }.joined(separator: "\n")
    }
}

extension Substring {
    /// The parts of the line; a word that is longer than a line has one of its own.
    fileprivate func brokenLines(_ columns: Int, indent: Int) -> [String] {
        let hanging = String(repeating: " ", count: indent + 2)
        var lines = [String(repeating: " ", count: indent)]
        var isEmpty = true
        // An empty word is one of several spaces that align columns.
        for word in dropFirst(indent).words(holdingCommandsTo: columns - hanging.count) {
            let longer = lines[lines.count - 1] + (isEmpty ? "" : " ") + word
            if isEmpty || word.isEmpty || TextWidth.columns(of: longer[...].withoutStyles) <= columns {
                lines[lines.count - 1] = longer
            } else {
                lines.append(hanging + word)
            }
            isEmpty = false
        }
        return lines.map { line in String(line[...(line.lastIndex { $0 != " " } ?? line.startIndex)]) }
    }

    /// The words; a quoted command of portreeve is one, where it fits a line: half of it is never copied.
    private func words(holdingCommandsTo columns: Int) -> [String] {
        var words: [String] = []
        var open: [String] = []
        for word in split(separator: " ", omittingEmptySubsequences: false) {
            if !open.isEmpty {
                open.append(String(word))
                guard word.contains("\"") else { continue }
                let command = open.joined(separator: " ")
                let fits = TextWidth.columns(of: command[...].withoutStyles) <= columns
                words += fits ? [command] : open
                open = []
            } else if word.hasSuffix("\"portreeve") {
                open = [String(word)]
            } else {
                words.append(String(word))
            }
        }
        return words + open
    }

    /// The text without the sequences that set colours and weight.
    fileprivate var withoutStyles: String {
        guard utf8.contains(0x1B) else { return String(self) }
        return split(separator: "\u{1b}[", omittingEmptySubsequences: false).enumerated().map { index, part in
            index == 0 ? part : part.drop { $0 != "m" }.dropFirst()
        }.joined()
    }
}
