internal import ArgumentParser
internal import Policies

/// The messages of the argument parser in the words of all others.
enum ParserMessage {
    /// The message about a refused command line, whose first line is in our words: what is wrong, and what to write.
    static func plain(_ text: Substring) -> String {
        let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        return ([sentence(lines[0])] + lines.dropFirst().map(String.init)).joined(separator: "\n")
    }

    private static func sentence(_ line: Substring) -> String {
        let parts = line.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 2 else { return decapitalized(String(line)) }
        let rest = parts.dropFirst(2).joined(separator: "'")
        switch parts[0] {
        case "Missing expected argument ": return "\(parts[1]) is missing"
        case "Missing value for ":
            return "\(parts[1].prefix { $0 != " " }) needs a value: \(parts[1])"
        case "Unexpected argument ": return "\"\(parts[1])\" is one word too many"
        case "Unknown option " where parts.count == 5 && parts[2] == ". Did you mean ":
            return unknown(parts[1], parts[3])
        case "Unknown option ": return "unknown option \"\(parts[1])\"\(rest)"
        case "The value " where parts.count > 4 && parts[2] == " is invalid for ":
            let option = parts[3].prefix { $0 != " " }
            let rest = parts.dropFirst(4).joined(separator: "'")
            return "\"\(parts[1])\" is not a valid value for \(option)\(choice(rest) ?? rest)"
        case let start where start.hasSuffix(" unexpected arguments: "):
            let words = stride(from: 1, to: parts.count, by: 2).map { "\"\(parts[$0])\"" }
            return "\(words.count) words too many: \(words.joined(separator: ", "))"
        default: return decapitalized(String(line))
        }
    }

    /// `: write in, out or forward` for the parser's words about a choice; `nil` for others.
    private static func choice(_ text: String) -> String? {
        let start = ". Please provide one of "
        guard text.hasPrefix(start) else { return nil }
        return ": write " + text.dropFirst(start.count).filter { !"'.".contains($0) }
    }

    /// The option that is suggested, if it is similar: the parser takes `--as` for `--foo`.
    private static func unknown(_ option: String, _ suggestion: String) -> String {
        let isSimilar = Spelling.nearest(to: option, among: [suggestion]) != nil
        return "unknown option \"\(option)\"" + (isSimilar ? ": did you mean \"\(suggestion)\"?" : "")
    }

    private static func decapitalized(_ text: String) -> String { "\(text.prefix(1).lowercased())\(text.dropFirst())" }
}
