internal import Addressing

extension InterfacePattern {
    /// The pattern in `text`: `eth0`, `wg*`; `nil` after an error.
    init?(decoding text: String, at place: SourceSpan, _ log: DiagnosticLog) {
        if let problem = Self.problem(of: text) {
            log.error("\(Printable.quoted(text)) \(problem)", at: place)
            return nil
        }
        if text.contains(",") {
            log.warning(
                "\(Printable.quoted(text)) is the name of one interface; write a list for several",
                at: place, repair: "[\(text.split(separator: ",").joined(separator: ", "))]")
        }
        let isPrefix = text.hasSuffix("*")
        self.init(name: isPrefix ? String(text.dropLast()) : text, isPrefix: isPrefix)
    }

    /// The reason why `dev_valid_name` of the kernel (`net/core/dev.c`) or nft would reject `text`; `nil` if they accept it.
    private static func problem(of text: String) -> String? {
        if text == "*" { return "means every interface; omit \"interfaces\" to open the service on all" }
        if text.utf8.count > maximumLength {
            return "is longer than \(maximumLength) bytes, the limit of an interface name"
        }
        if text.dropLast().contains("*") { return "has a * that is not its last character" }
        if text == "." || text == ".." { return "is not an interface name" }
        let forbidden = text.unicodeScalars.first { "/:\"\\".unicodeScalars.contains($0) || $0.properties.isWhitespace }
        guard let forbidden else { return nil }
        let character = forbidden.properties.isWhitespace ? "a blank" : "\"\(forbidden)\""
        return "has \(character), which is not valid in an interface name"
    }
}
