internal import Policies
internal import Rulesets

/// The comment on the rules of an entry in the kernel.
enum RuleComment {
    /// Why, owner and ticket, cut after a word if they are too long; `nil` if the entry has none of them.
    static func text(of entry: AllowEntry) -> String? { text(entry.why, entry.owner, entry.ticket) }

    /// The same of these parts.
    static func text(_ why: String?, _ owner: String?, _ ticket: String?) -> String? {
        let parts = [why, owner, ticket].compactMap { $0 }.filter { !$0.isEmpty }
        guard !parts.isEmpty else { return nil }
        if let only = parts.first, parts.count == 1, isPlain(only) { return only }
        // nft has no escape for a quote inside a string.
        let words = parts.joined(separator: "; ").map { $0 == "\"" ? "'" : $0 }.split(whereSeparator: \.isWhitespace)
        var text = ""
        for word in words {
            let longer = text.isEmpty ? String(word) : text + " " + String(word)
            guard longer.utf8.count <= Userdata.maximumComment else { break }
            text = longer
        }
        return text.isEmpty ? words.first.map { cut($0) } : text
    }

    /// Whether a text needs no change: it is short, and printable ASCII without quotes and without double spaces.
    private static func isPlain(_ text: String) -> Bool {
        let space = UInt8(ascii: " ")
        let quote = UInt8(ascii: "\"")
        guard text.utf8.count <= Userdata.maximumComment else { return false }
        var last = space
        for byte in text.utf8 {
            guard byte > space && byte < 0x7F && byte != quote || byte == space && last != space else {
                return false
            }
            last = byte
        }
        return last != space
    }

    /// A single word, cut after a character if it is too long.
    private static func cut(_ word: some Sequence<Character>) -> String {
        var text = ""
        for character in word {
            guard text.utf8.count + character.utf8.count <= Userdata.maximumComment else { break }
            text.append(character)
        }
        return text
    }
}
