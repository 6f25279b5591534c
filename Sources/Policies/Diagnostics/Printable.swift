internal import Printing

/// Makes text from files safe for a terminal, and computes its width there.
enum Printable {
    /// `text` with each tab as one space, and U+FFFD for each other character that can control a terminal.
    static func text(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            result.append(isControl(scalar) ? (scalar == "\t" ? " " : "\u{FFFD}") : scalar)
        }
        return String(result)
    }

    /// `text` in quotes, on one line, with at most 80 characters.
    static func quoted(_ text: some StringProtocol) -> String {
        let head = text.unicodeScalars.prefix(81)
        guard head.count > 80 else { return "\"\(Self.text(String(text)))\"" }
        return "\"\(Self.text(String(String.UnicodeScalarView(head.prefix(79)))))…\""
    }

    /// The width of `scalars` on a terminal, in columns.
    static func width(of scalars: Substring.UnicodeScalarView) -> Int { scalars.reduce(0) { $0 + width(of: $1) } }

    /// Whether `scalar` moves the cursor, changes the terminal or reorders the text after it.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.isControl }

    /// The width of one scalar in columns: 0 for combining marks, 2 for wide East Asian characters (Unicode TR 11).
    private static func width(of scalar: Unicode.Scalar) -> Int {
        guard scalar.value >= 0x300 else { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
