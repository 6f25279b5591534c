/// Names that a written policy gives to services, groups and lines.
public enum PolicyName {
    /// The most characters of a name, which leave room for a number that makes it unique.
    public static let longest = 26

    /// A valid name, `[a-z][a-z0-9-]{0,30}`, from any text; `prefix` stands before one that does not begin with a letter.
    public static func valid(_ text: String, prefix: String) -> String {
        let kept = text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let words = String(kept).split(separator: "-").joined(separator: "-")
        let name = words.first?.isLetter == true ? words : prefix + words
        return String(name.prefix(longest).reversed().drop { $0 == "-" }.reversed())
    }

    /// A name that is not taken, which it takes.
    public static func unique(_ name: String, _ taken: inout Set<String>) -> String {
        if taken.insert(name).inserted { return name }
        return (2...65_536).lazy.map { "\(name)-\($0)" }.first { taken.insert($0).inserted } ?? name
    }
}
