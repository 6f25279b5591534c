/// Turns libyaml's errors into messages for the author of a policy.
enum YamlProblem {
    /// The message for libyaml's `problem` and `context`, with advice if the text at `place` shows a common mistake.
    ///
    /// `start` is the line where the context begins.
    static func message(problem: String, context: String, from start: Int, at place: SourceSpan) -> String {
        let advice =
            context.contains("simple key")
            ? missingColon(inLine: start, of: place.file) : advice(context: context, from: start, at: place)
        let isMisplaced = advice.isEmpty && problem.contains("expected key") && context.contains("block mapping")
        return "invalid YAML: \(problem)\(context)\(isMisplaced ? misplaced : advice)"
    }

    /// The first line that git and others leave where two versions of a file differ; `nil` for none.
    static func mergeMarker(in file: SourceFile) -> SourceSpan? {
        let marker = Array("<<<<<<< ".utf8)
        for number in 1...max(1, file.lineCount) where file.line(number)?.starts(with: marker) == true {
            return SourceSpan(file: file, line: number, column: 1, length: marker.count - 1)
        }
        return nil
    }

    /// The advice about a line that does not belong to the mapping in which it stands.
    private static let misplaced =
        "; this line is not indented as its neighbours are, or the key above it is missing or commented out"

    /// The advice about a line such as `from any` or `ssh`, which needs a colon, or `ports:22`, which needs a space; empty for
    /// other lines.
    static func missingColon(inLine number: Int, of file: SourceFile) -> String {
        guard let line = file.line(number) else { return "" }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 1)
        guard let first = words.first, first.first?.isLetter == true else { return "" }
        let parts = first.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard isKey(parts[0]) else { return "" }
        if parts.count == 2 {
            guard !parts[1].isEmpty, !parts[1].contains(":") else { return "" }
            let rest = ([parts[1]] + words.dropFirst()).joined(separator: " ")
            return "; line \(number) lacks a space after the colon: write \(Printable.quoted("\(parts[0]): \(rest)"))"
        }
        guard words.count == 2 else { return "; line \(number) lacks a colon: write \(Printable.quoted("\(first):"))" }
        guard !words[1].contains(":") else { return "" }
        return "; line \(number) lacks a colon: write \(Printable.quoted("\(first): \(words[1])"))"
    }

    private static func isKey(_ word: Substring) -> Bool {
        word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }

    /// The tag `tag:yaml.org,2002:str` as files write it: `!!str`.
    static func shorthand(ofTag tag: String) -> String {
        let standard = "tag:yaml.org,2002:"
        return tag.hasPrefix(standard) ? "!!" + tag.dropFirst(standard.count) : tag
    }

    private static func advice(context: String, from start: Int, at place: SourceSpan) -> String {
        if context.contains("scanning an alias") { return "; text that starts with * needs quotes" }
        if context.contains("quoted scalar") { return "; the quote that opens on line \(start) is not closed" }
        if context.contains("scanning an anchor") { return "; text that starts with & needs quotes" }
        guard let line = place.file.line(place.line) else { return "" }
        let letters = Array(String(decoding: line, as: UTF8.self).unicodeScalars)
        let index = place.column - 1
        guard letters.indices.contains(index) else { return "" }
        switch letters[index] {
        case "\t": return "; indent with spaces, not tabs"
        case "@", "`", "%": return "; text that starts with this character needs quotes"
        case ":":
            let above = missingColon(inLine: place.line - 1, of: place.file)
            guard above.isEmpty else { return above }
            return colonAdvice(before: letters[..<index], letters[index...].dropFirst().first, context, from: start)
        default: return ""
        }
    }

    /// The advice about a colon that cannot stand where it does, by what is before it and after it.
    private static func colonAdvice(
        before: ArraySlice<Unicode.Scalar>, _ next: Unicode.Scalar?, _ context: String, from start: Int
    ) -> String {
        guard next == nil || next == " " else { return "; an address that starts with a colon needs quotes" }
        let hasKey = zip(before, before.dropFirst()).contains { $0 == ":" && $1 == " " }
        if hasKey { return "; text with a colon and a space needs quotes, as in why: \"first: second\"" }
        if context.contains("flow") { return "; a bracket that opens on line \(start) is not closed" }
        return "; a key has the indent of the keys beside it"
    }
}
