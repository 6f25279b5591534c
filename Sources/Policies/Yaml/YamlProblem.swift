/// Turns libyaml's errors into messages for the author of a policy.
enum YamlProblem {
    /// The message for libyaml's `problem` and `context`, with advice if the text at `place` shows a common mistake.
    static func message(problem: String, context: String, at place: SourceSpan) -> String {
        "invalid YAML: \(problem)\(context)" + advice(context: context, at: place)
    }

    /// The tag `tag:yaml.org,2002:str` as files write it: `!!str`.
    static func shorthand(ofTag tag: String) -> String {
        let standard = "tag:yaml.org,2002:"
        return tag.hasPrefix(standard) ? "!!" + tag.dropFirst(standard.count) : tag
    }

    private static func advice(context: String, at place: SourceSpan) -> String {
        if context.contains("scanning an alias") { return "; text that starts with * needs quotes" }
        if context.contains("scanning an anchor") { return "; text that starts with & needs quotes" }
        guard let line = place.file.line(place.line) else { return "" }
        let column = String(decoding: line, as: UTF8.self).unicodeScalars.dropFirst(place.column - 1).first
        switch column {
        case "\t": return "; indent with spaces, not tabs"
        case "@", "`", "%": return "; text that starts with this character needs quotes"
        case ":": return "; an address that starts with a colon needs quotes"
        default: return ""
        }
    }
}
