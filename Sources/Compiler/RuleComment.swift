internal import Policies
internal import Rulesets

/// The words that travel into the kernel with a service's rules.
enum RuleComment {
    /// Why, owner and ticket, cut at a word where they are too long; `nil` where a service has none of them.
    static func text(of service: Service) -> String? {
        let parts = [service.why, service.owner, service.ticket].compactMap { $0 }.filter { !$0.isEmpty }
        guard !parts.isEmpty else { return nil }
        if let only = parts.first, parts.count == 1, isPlain(only) { return only }
        // nft's strings know no escape: a quote would end them.
        let words = parts.joined(separator: "; ").map { $0 == "\"" ? "'" : $0 }.split(whereSeparator: \.isWhitespace)
        var text = ""
        for word in words {
            let longer = text.isEmpty ? String(word) : text + " " + String(word)
            guard longer.utf8.count <= Userdata.maximumComment else { break }
            text = longer
        }
        return text.isEmpty ? words.first.map { cut($0) } : text
    }

    /// Whether a text can stay as it is: short, and of letters and the like with single spaces between.
    private static func isPlain(_ text: String) -> Bool {
        let (space, quote) = (UInt8(ascii: " "), UInt8(ascii: "\""))
        guard text.utf8.count <= Userdata.maximumComment else { return false }
        var last = space
        for octet in text.utf8 {
            guard octet > space && octet < 0x7F && octet != quote || octet == space && last != space else {
                return false
            }
            last = octet
        }
        return last != space
    }

    /// A single word that is too long, cut at a character.
    private static func cut(_ word: some Sequence<Character>) -> String {
        var text = ""
        for character in word {
            guard text.utf8.count + character.utf8.count <= Userdata.maximumComment else { break }
            text.append(character)
        }
        return text
    }
}
