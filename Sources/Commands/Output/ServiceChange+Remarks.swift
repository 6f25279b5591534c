internal import Changes
internal import Compiler
internal import Policies

extension ServiceChange {
    /// Whether only `why`, `owner` or `ticket` change, so that the rules do the same.
    var changesRemarksOnly: Bool {
        guard var before, var after, before != after else { return false }
        for index in before.entries.indices { before.entries[index].comment = nil }
        for index in after.entries.indices { after.entries[index].comment = nil }
        return before == after
    }

    /// The remarks that change, before and after; `nil` if none do.
    ///
    /// The kernel has one comment of all three, which may be cut, so that the policy tells which part is which.
    func remarks(_ before: DecompiledEntry, _ after: DecompiledEntry) -> String? {
        guard before.comment != after.comment else { return nil }
        let (old, new) = (RemarkText(before.comment), RemarkText(after.comment))
        // A part that is cut away altogether says nothing.
        var (rest, shown) = (old, new)
        let changed = declaredRemarks.filter { shown.remove($0.text) && !rest.remove($0.text) }
        guard declared != nil, !changed.isEmpty || !rest.text.isEmpty else {
            return "remarks \(old.quoted) -> \(new.quoted)"
        }
        let names = changed.isEmpty ? "remark" : changed.map(\.name).joined(separator: ", ")
        let texts = RemarkText(changed.isEmpty ? nil : changed.map(\.text).joined(separator: "; "))
        return "\(names) \(rest.quoted) -> \(texts.quoted)"
    }

    /// The remarks of the only entry, as the policy has them.
    private var declaredRemarks: [(name: String, text: String)] {
        guard let declared else { return [] }
        let entry = declared.entries.first
        let parts = [
            ("why", entry?.why ?? declared.why), ("owner", entry?.owner ?? declared.owner),
            ("ticket", entry?.ticket ?? declared.ticket),
        ]
        return parts.compactMap { name, text in text.map { (name, $0) } }
    }
}

/// The remarks in the comment of a rule: why, owner and ticket, separated by semicolons.
private struct RemarkText {
    /// From this many bytes on, the last part may be cut.
    private static let long = 100

    private(set) var text: String
    private let isCut: Bool

    init(_ comment: String?) {
        let comment = comment ?? ""
        text = Self.trimmed(comment)
        // A separator at the end shows that the part before it is whole.
        isCut = comment.utf8.count >= Self.long && comment.last != ";"
    }

    /// Removes a part, or the start of it where the comment is cut; returns whether it was there.
    mutating func remove(_ part: String) -> Bool {
        // As the comment has it: no double quotes, and single spaces.
        let words = part.replacing("\"", with: "'").split(whereSeparator: \.isWhitespace)
        let part = Self.trimmed(words.joined(separator: " "))
        // Bounded on both sides, so that a part is not found within a longer one.
        let whole = "; \(text);"
        if let range = whole.firstRange(of: "; \(part);") {
            text = String(whole[..<range.lowerBound]) + ";" + whole[range.upperBound...]
        } else if isCut, !text.isEmpty, part.hasPrefix(text) {
            text = ""
        } else {
            return false
        }
        text = Self.trimmed(text)
        return true
    }

    /// The text in quotes; `none` if it is empty.
    var quoted: String { text.isEmpty ? "none" : "\"\(text)\"" }

    /// Without separators at the ends, and without those of parts that were removed.
    private static func trimmed(_ text: String) -> String {
        let parts = text.split(separator: ";").map { $0.drop { $0 == " " } }
        return parts.filter { !$0.isEmpty }.joined(separator: "; ")
    }
}
