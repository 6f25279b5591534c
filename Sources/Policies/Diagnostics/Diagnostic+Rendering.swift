extension Diagnostic {
    /// The diagnostic as compilers print it: `file:line:column: error: message`, the line, and a caret below the span.
    ///
    /// Text from files cannot control the terminal: control characters are replaced, a tab becomes one space.
    ///
    /// With `color` it has ECMA-48 escape sequences.
    public func rendered(color: Bool) -> String {
        let paint = Paint(isOn: color)
        let place = location.map { paint.bold("\(Printable.text($0.file)):\($0.line):\($0.column):") + " " } ?? ""
        let head = place + paint.severity(severity) + " " + paint.bold(Printable.text(message))
        guard let excerpt else { return head }
        return head + "\n" + excerpt.rendered(paint)
    }
}

extension Excerpt {
    /// The line, and below it a caret at the first column of the span and tildes at the rest.
    fileprivate func rendered(_ paint: Paint) -> String {
        let scalars = text.unicodeScalars
        let start = scalars.index(scalars.startIndex, offsetBy: offset, limitedBy: scalars.endIndex) ?? scalars.endIndex
        let end = scalars.index(start, offsetBy: length, limitedBy: scalars.endIndex) ?? scalars.endIndex
        let indent = String(repeating: " ", count: Printable.width(of: scalars[..<start]))
        let marked = max(1, Printable.width(of: scalars[start..<end]))
        return Printable.text(text) + "\n" + indent + paint.mark("^" + String(repeating: "~", count: marked - 1))
    }
}

/// Adds colours if `isOn`.
private struct Paint {
    let isOn: Bool

    func bold(_ text: String) -> String { wrap(text, "1") }

    func mark(_ text: String) -> String { wrap(text, "1;32") }

    func severity(_ severity: Diagnostic.Severity) -> String {
        switch severity {
        case .error: wrap("error:", "1;31")
        case .warning: wrap("warning:", "1;33")
        case .note: wrap("note:", "1;36")
        }
    }

    private func wrap(_ text: String, _ code: String) -> String {
        isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
