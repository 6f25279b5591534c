extension ListenerExpectation {
    /// The expectation that the keys `process`, `unit`, `user` and `optional` of a service spell.
    init(decoding keyed: KeyedNode, _ log: DiagnosticLog) {
        self.init()
        if let node = keyed["process"] { processes = Self.processes(node, log) }
        if let node = keyed["unit"] { units = Self.units(node, log) }
        if let node = keyed["user"] { users = Self.names(node, "user", log).map(\.text) }
        if let node = keyed["optional"] { isOptional = node.flag(as: "optional", log) ?? false }
    }

    private static func processes(_ node: YamlNode, _ log: DiagnosticLog) -> [String] {
        names(node, "process", log).compactMap { text, place in
            if !text.contains("/") || text.hasPrefix("/") { return text }
            log.error("\(Printable.quoted(text)) is neither a name nor an absolute path", at: place)
            return nil
        }
    }

    private static func units(_ node: YamlNode, _ log: DiagnosticLog) -> [String] {
        names(node, "unit", log).map { text, place in
            let hasType = text.contains(".") && text.last != "."
            if !hasType {
                log.warning("unit \(Printable.quoted(text)) has no type", at: place, repair: text + ".service")
            }
            return text
        }
    }

    /// The members of a list, each one line of text.
    private static func names(_ node: YamlNode, _ what: String, _ log: DiagnosticLog) -> [(text: String, place: Place)]
    {
        node.texts(as: what, log).filter { text, place in
            let isLine = !text.unicodeScalars.contains(where: Printable.isSteering)
            if !isLine { log.error("\"\(what)\" must be one line, without tabs", at: place) }
            return isLine
        }
    }
}
