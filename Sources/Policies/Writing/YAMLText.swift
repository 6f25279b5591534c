internal import Printing

/// Scalars and lists of YAML in a policy that is written.
public enum YAMLText {
    /// A text as a scalar: in quotes if it has other characters than letters, digits, inner spaces and a few signs.
    public static func scalar(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || "/._-@+ ".unicodeScalars.contains(scalar))
        }
        let hasOpenEnd = [text.first, text.last].contains { $0.map { " -@".contains($0) } ?? true }
        guard !isPlain || hasOpenEnd else { return text }
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.isControl: "?"
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }

    /// A list in one line; one value stands for itself.
    public static func list(_ values: [String]) -> String {
        let scalars = values.map(scalar)
        return scalars.count == 1 ? scalars[0] : "[\(scalars.joined(separator: ", "))]"
    }

    /// A list whose lines have at most `width` characters, if no value is longer; all but the first are indented by `indent`.
    ///
    /// The first line leaves room for a key of the length of `indent`.
    public static func list(_ values: [String], width: Int, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var (lines, line) = ([String](), "")
        for (index, value) in values.enumerated() {
            let word = scalar(value) + (index == values.count - 1 ? "" : ",")
            if !line.isEmpty, indent + line.count + word.count + 2 > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        guard !lines.isEmpty else { return list(values) }
        return "[\((lines + [line]).joined(separator: "\n\(margin)"))]"
    }
}
