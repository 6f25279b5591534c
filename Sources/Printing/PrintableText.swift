extension Unicode.Scalar {
    /// Whether the character moves the cursor, changes the terminal or reorders the text after it.
    ///
    /// The controls C0 and C1, the line separators, the byte order mark and the bidirectional controls (Unicode TR 36).
    public var isControl: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0xFFFE...0xFFFF: true
        default: false
        }
    }

    /// The control character as visible text: `\n`, `\x1b`, `\u202e`.
    fileprivate var escape: String {
        switch self {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default:
            let digits = String(value, radix: 16)
            let (prefix, width) = value < 0x100 ? ("\\x", 2) : ("\\u", 4)
            return prefix + String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
    }
}

extension String {
    /// The text in one line: each control character is escaped.
    ///
    /// Names of processes, paths, tables, chains, units and users, and comments come from other programs; no one may write to
    /// a terminal, a mail or a log through them.
    public var printable: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var result = ""
        for scalar in unicodeScalars { result += scalar.isControl ? scalar.escape : String(scalar) }
        return result
    }

    /// The text in its lines: each control character but tabs and line ends is escaped.
    ///
    /// - Parameter keepsStyles: whether escape sequences that only set colours and weight stay as they are.
    /// - Returns: the text that may be written.
    public func printableLines(keepsStyles: Bool = false) -> String {
        guard unicodeScalars.contains(where: { $0.isControl && $0 != "\n" }) else { return self }
        var result = ""
        var rest = Substring(self).unicodeScalars
        while let scalar = rest.first {
            if keepsStyles, let style = rest.style {
                result += style
                rest = rest.dropFirst(style.unicodeScalars.count)
                continue
            }
            rest.removeFirst()
            let isLayout = scalar == "\n" || scalar == "\t" || scalar == "\r" && rest.first == "\n"
            result += scalar.isControl && !isLayout ? scalar.escape : String(scalar)
        }
        return result
    }
}

extension Substring.UnicodeScalarView {
    /// The longest sequence that is looked at: two parameters of two digits.
    private static let longestStyle = 8

    /// The sequence at the start that selects a weight or a foreground colour, or resets both (SGR, ECMA-48 8.3.117).
    fileprivate var style: String? {
        guard starts(with: "\u{1b}[".unicodeScalars) else { return nil }
        let head = prefix(Self.longestStyle)
        guard let end = head.firstIndex(of: "m") else { return nil }
        let parameters = String(Substring(head[..<end].dropFirst(2))).split(
            separator: ";", omittingEmptySubsequences: false)
        let known = ["0", "1", "2"] + (30...37).map(String.init)
        return parameters.allSatisfy { known.contains(String($0)) } ? String(Substring(head[...end])) : nil
    }
}
