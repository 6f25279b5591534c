extension Defaults {
    private static let words = ["kernel", "netlink"]

    /// The log of refused packets: `off`, a rate, or a mapping of `rate`, `to` and `group`.
    mutating func decodeLog(_ node: YamlNode, _ log: DiagnosticLog) {
        guard case .mapping = node.content else {
            if let text = node.text, YamlNode.isOn(text) {
                log.error(
                    "\"log\" under \"defaults\" must be off, or the most lines in a time such as 10/minute, not "
                        + Printable.quoted(text), at: node.place)
                return
            }
            if !(node.text.map(YamlNode.isOff) ?? false) { self.log = Rate(decoding: node, as: "log", log) }
            return
        }
        guard let keyed = KeyedNode(node, as: "\"log\"", keys: ["rate", "to", "group"], log) else { return }
        guard let rate = keyed["rate"] else {
            if keyed.lacks("rate") { log.error("\"log\" lacks \"rate\"", at: node.place) }
            return
        }
        self.log = Rate(decoding: rate, as: "rate", log)
        logDestination = Self.destination(keyed, node, log) ?? .kernel
    }

    /// The place in `to` and `group`; `nil` after an error.
    private static func destination(_ keyed: KeyedNode, _ node: YamlNode, _ log: DiagnosticLog) -> LogDestination? {
        guard let word = keyed["to"]?.text(as: "to", log) ?? (keyed["to"] == nil ? "kernel" : nil) else { return nil }
        guard words.contains(word) else {
            log.error(
                "\"to\" must be kernel or netlink, not \(Printable.quoted(word))", at: keyed["to"]?.place ?? node.place,
                repair: Spelling.nearest(to: word, among: words))
            return nil
        }
        guard word == "netlink" else {
            if let group = keyed["group"] { log.error("\"group\" needs \"to: netlink\"", at: group.place) }
            return .kernel
        }
        guard let group = keyed["group"] else {
            log.error("\"to: netlink\" needs \"group\", a number from 0 to \(UInt16.max)", at: node.place)
            return nil
        }
        return number(group, log).map(LogDestination.netlink)
    }

    private static func number(_ node: YamlNode, _ log: DiagnosticLog) -> UInt16? {
        guard let text = node.text(as: "group", log) else { return nil }
        if let number = DecimalNumber.parse(text, maximum: Int(UInt16.max)), let group = UInt16(exactly: number) {
            return group
        }
        log.error(
            "\"group\" must be a number from 0 to \(UInt16.max), not \(Printable.quoted(text))", at: node.place)
        return nil
    }
}
