/// Says in a policy author's words what libyaml stumbled over.
enum YamlProblem {
    /// The message for libyaml's `problem` and `context`, with advice where the text at `place` tells what was meant.
    static func message(problem: String, context: String, at place: Place) -> String {
        "not YAML: \(problem)\(context)" + advice(context: context, at: place)
    }

    /// The tag `tag:yaml.org,2002:str` as a file has it: `!!str`.
    static func shorthand(ofTag tag: String) -> String {
        let standard = "tag:yaml.org,2002:"
        return tag.hasPrefix(standard) ? "!!" + tag.dropFirst(standard.count) : tag
    }

    private static func advice(context: String, at place: Place) -> String {
        if context.contains("scanning an alias") { return "; a text that starts with * needs quotes" }
        if context.contains("scanning an anchor") { return "; a text that starts with & needs quotes" }
        guard let line = place.file.line(place.line) else { return "" }
        let column = String(decoding: line, as: UTF8.self).unicodeScalars.dropFirst(place.column - 1).first
        switch column {
        case "\t": return "; indent with spaces, not tabs"
        case "@", "`", "%": return "; a text that starts with this character needs quotes"
        case ":": return "; an address that starts with a colon needs quotes"
        default: return ""
        }
    }
}
