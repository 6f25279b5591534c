internal import Printing

/// A piece of an HTML document; text from anywhere is escaped.
struct HTML {
    /// The markup.
    private(set) var markup = ""

    /// Text.
    init(_ text: String) { markup = text.escaped }

    /// Pieces one after the other.
    init(_ pieces: [HTML]) { markup = pieces.map(\.markup).joined() }

    private init(markup: String) { self.markup = markup }

    /// Nothing.
    static let empty = HTML(markup: "")

    /// An element with an end tag.
    static func element(_ name: String, _ attributes: [(String, String)] = [], _ content: [HTML] = []) -> HTML {
        HTML(markup: "<\(name)\(attributes.markup)>" + content.map(\.markup).joined() + "</\(name)>")
    }

    /// An element of this class with a text.
    static func element(_ name: String, class style: String, _ text: String) -> HTML {
        element(name, [("class", style)], [HTML(text)])
    }

    /// An element with a text.
    static func element(_ name: String, _ text: String) -> HTML { element(name, [], [HTML(text)]) }

    /// An element without an end tag.
    static func void(_ name: String, _ attributes: [(String, String)]) -> HTML {
        HTML(markup: "<\(name)\(attributes.markup)>")
    }

    /// A style sheet, which must not have the end tag of `style`.
    static func style(_ text: String) -> HTML { HTML(markup: "<style>\n\(text)</style>") }

    /// A whole document.
    static func document(title: String, language: String = "en", style: String, _ content: [HTML]) -> String {
        let head = element(
            "head", [],
            [
                void("meta", [("charset", "utf-8")]),
                void("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")]),
                void("meta", [("name", "color-scheme"), ("content", "light dark")]),
                element("title", title), self.style(style),
            ])
        let body = element("body", [], content)
        return "<!DOCTYPE html>\n" + element("html", [("lang", language)], [head, body]).markup + "\n"
    }
}

extension HTML {
    /// A column of a table.
    struct Column {
        let heading: String
        /// The class of its cells: `number` or `date`; empty for text.
        let style: String

        init(_ heading: String, _ style: String = "") {
            self.heading = heading
            self.style = style
        }

        /// The attributes of a cell.
        fileprivate var attributes: [(String, String)] { style.isEmpty ? [] : [("class", style)] }
    }

    /// A table in a frame that scrolls where the screen is narrow; each row has a style and a cell for each column.
    static func table(_ columns: [Column], _ rows: [(style: String, cells: [HTML])]) -> HTML {
        let head = columns.map { column in
            element("th", [("scope", "col")] + column.attributes, [HTML(column.heading)])
        }
        let body = rows.map { row in
            let cells = zip(columns, row.cells).map { column, cell in
                element("td", column.attributes, [cell])
            }
            return HTML([element("tr", row.style.isEmpty ? [] : [("class", row.style)], cells), HTML(markup: "\n")])
        }
        let table = element(
            "table", [], [element("thead", [], [element("tr", [], head)]), element("tbody", [], body)])
        return element("div", [("class", "frame")], [table])
    }

    /// A section with a heading.
    static func section(_ heading: String, _ content: [HTML]) -> HTML {
        HTML([element("section", [], [element("h2", heading)] + content), HTML(markup: "\n")])
    }

    /// Lines, one below the other.
    static func lines(_ texts: [String]) -> HTML {
        HTML(texts.map { element("div", $0) })
    }
}

extension [(String, String)] {
    fileprivate var markup: String { map { " \($0.0)=\"\($0.1.escaped)\"" }.joined() }
}

extension String {
    /// The text without markup, and in one line: names from other programs may have both.
    fileprivate var escaped: String {
        let text = printable
        guard text.utf8.contains(where: { "<>&\"'".utf8.contains($0) }) else { return text }
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
