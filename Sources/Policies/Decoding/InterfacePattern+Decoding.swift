internal import Addressing

extension InterfacePattern {
    /// The pattern that `text` spells: `eth0`, `wg*`; `nil` after an error.
    init?(decoding text: String, at place: Place, _ log: DiagnosticLog) {
        if let problem = Self.problem(of: text) {
            log.error("\(Printable.quoted(text)) \(problem)", at: place)
            return nil
        }
        let isPrefix = text.hasSuffix("*")
        self.init(name: isPrefix ? String(text.dropLast()) : text, isPrefix: isPrefix)
    }

    /// What `dev_valid_name` of the kernel or nft would refuse.
    private static func problem(of text: String) -> String? {
        if text == "*" { return "is every interface; leave \"interfaces\" out to open the service on all" }
        if text.utf8.count > maximumLength { return "is over \(maximumLength) bytes, the longest name of an interface" }
        if text.dropLast().contains("*") { return "has a * before its end" }
        if text == "." || text == ".." { return "is no name of an interface" }
        let forbidden = text.unicodeScalars.first { "/:\"\\".unicodeScalars.contains($0) || $0.properties.isWhitespace }
        guard let forbidden else { return nil }
        return
            "has \(forbidden.properties.isWhitespace ? "a blank" : "\"\(forbidden)\""), which no interface's name has"
    }
}
