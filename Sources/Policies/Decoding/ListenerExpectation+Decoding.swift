extension ListenerExpectation {
    /// The expectation in the keys `process`, `unit`, `user` and `optional`.
    ///
    /// Without `decodesUser` the key `user` means something else.
    init(decoding keyed: KeyedNode, _ log: DiagnosticLog, decodesUser: Bool = true) {
        self.init()
        if let node = keyed["process"] { processes = Self.processes(node, log) }
        if let node = keyed["unit"] { units = Self.units(node, log) }
        if decodesUser, let node = keyed["user"] { users = Self.names(node, "user", log).map(\.text) }
        if let node = keyed["optional"] { isOptional = node.flag(as: "optional", log) ?? false }
    }

    private static func processes(_ node: YamlNode, _ log: DiagnosticLog) -> [String] {
        names(node, "process", log).compactMap { text, place in
            if !text.contains("/") || text.hasPrefix("/") { return text }
            log.error("\(Printable.quoted(text)) is neither the name of a process nor an absolute path", at: place)
            return nil
        }
    }

    private static func units(_ node: YamlNode, _ log: DiagnosticLog) -> [String] {
        names(node, "unit", log).map { text, place in
            let hasType = text.contains(".") && text.last != "."
            if !hasType {
                log.warning("unit \(Printable.quoted(text)) has no type suffix", at: place, repair: text + ".service")
            }
            return text
        }
    }

    /// The members of a list; reports members that are more than one line of text.
    private static func names(_ node: YamlNode, _ what: String, _ log: DiagnosticLog) -> [(
        text: String, place: SourceSpan
    )] {
        node.texts(as: what, log).filter { text, place in
            let isLine = !text.unicodeScalars.contains(where: Printable.isControl)
            if !isLine { log.error("\"\(what)\" must be one line without tabs", at: place) }
            return isLine
        }
    }
}
