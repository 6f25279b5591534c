/// A single value that was meant as a list: `80, 443`, `office admins`.
struct ListText {
    /// The same as a list of YAML: `[80, 443]`.
    let repair: String

    /// `nil` unless the text has several words between commas or spaces, each of which is an entry.
    init?(_ text: String, _ isEntry: (String) -> Bool) {
        let words = text.split { ", ".contains($0) }.map(String.init)
        guard words.count > 1, words.allSatisfy(isEntry) else { return nil }
        // YAML takes a colon in a list for a mapping.
        let entries = words.map { $0.contains(":") ? "\"\($0)\"" : $0 }
        repair = "[\(entries.joined(separator: ", "))]"
    }
}
