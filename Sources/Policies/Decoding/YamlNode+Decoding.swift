internal import Printing

extension YamlNode {
    /// The text of a non-empty scalar; reports any other node, called `what` in the message.
    func text(as what: String, _ log: DiagnosticLog) -> String? {
        guard let text else {
            log.error("\"\(what)\" must be a single value, not \(kind)", at: place)
            return nil
        }
        guard !text.isEmpty else {
            log.error("\"\(what)\" is empty", at: place)
            return nil
        }
        return text
    }

    /// The members of a list, or a single value; reports an empty list, called `what` in the message.
    func items(as what: String, _ log: DiagnosticLog) -> [YamlNode] {
        let advice = what == "from" ? "; list addresses or groups, or write \"any\"" : ""
        if items.isEmpty { log.error("\"\(what)\" is empty\(advice)", at: place) }
        return items
    }

    /// The texts of a list, or of a single value; reports members that are not text, empty or listed twice.
    func texts(as what: String, _ log: DiagnosticLog) -> [(text: String, place: SourceSpan)] {
        var seen: Set<String> = []
        return items(as: what, log).compactMap { item in
            guard let text = item.text(as: what, log) else { return nil }
            guard seen.insert(text).inserted else {
                log.error("\(Printable.quoted(text)) is listed twice", at: item.place)
                return nil
            }
            return (text, item.place)
        }
    }

    /// One line of text for people; reports any other node, called `what` in the message.
    func line(as what: String, _ log: DiagnosticLog) -> String? {
        guard let text = text(as: what, log) else { return nil }
        guard !text.unicodeScalars.contains(where: Printable.isControl) else {
            log.error("\"\(what)\" must be one line without tabs", at: place)
            return nil
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            log.error("\"\(what)\" is blank", at: place)
            return nil
        }
        return text
    }

    /// Whether the text turns a switch on.
    static func isOn(_ text: String) -> Bool { ["true", "yes", "on"].contains(text) }

    /// Whether the text turns a switch off.
    static func isOff(_ text: String) -> Bool { ["false", "no", "off"].contains(text) }

    /// A switch: `true`, `yes` or `on`, and `false`, `no` or `off`, since other programs write them so; reports any other value, called `what` in the message.
    func flag(as what: String, _ log: DiagnosticLog) -> Bool? {
        guard let text = text(as: what, log) else { return nil }
        switch text {
        case _ where Self.isOn(text): return true
        case _ where Self.isOff(text): return false
        default:
            let repairs = ["yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"]
            let repair = repairs[text.lowercased()] ?? Spelling.nearest(to: text, among: ["true", "false"])
            log.error("\"\(what)\" must be true or false, not \(Printable.quoted(text))", at: place, repair: repair)
            return nil
        }
    }

    /// A case of an enumeration; reports any other word, called `what` in the message.
    func word<Word: RawRepresentable & CaseIterable>(
        as what: String, of type: Word.Type, _ log: DiagnosticLog
    ) -> Word? where Word.RawValue == String {
        guard let text = text(as: what, log) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        let choice = words.joined(conjunction: "or")
        log.error(
            "\"\(what)\" must be \(choice), not \(Printable.quoted(text))", at: place,
            repair: Spelling.nearest(to: text, among: words))
        return nil
    }
}
