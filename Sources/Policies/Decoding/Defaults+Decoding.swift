internal import Addressing

extension Defaults {
    /// The keys of `defaults`.
    static let keys = [
        "inbound", "outbound", "log", "ping", "families", "published", "routed", "require", "grant-limit",
        "review-every", "unused-after",
    ]

    /// The mapping in a message about a key of it that stands elsewhere; `nil` for other keys.
    static func home(of key: String) -> String? { keys.contains(key) ? "\"defaults\"" : nil }

    /// The defaults in a mapping; a key that is missing or wrong keeps its default.
    init(decoding node: YamlNode, _ groups: SourceGroups, _ log: DiagnosticLog) {
        self.init()
        guard let keyed = KeyedNode(node, as: "\"defaults\"", keys: Self.keys, log) else { return }
        if let node = keyed["inbound"], let word = node.word(as: "inbound", of: Inbound.self, log) { inbound = word }
        if let node = keyed["outbound"], let word = node.word(as: "outbound", of: Outbound.self, log) {
            outbound = word
        }
        if let node = keyed["published"], let word = node.word(as: "published", of: Published.self, log) {
            published = word
        }
        if let node = keyed["routed"], let word = node.word(as: "routed", of: Routed.self, log) { routed = word }
        if let node = keyed["log"] { decodeLog(node, log) }
        if let node = keyed["families"], let words = Self.families(node, log) { families = words }
        if let node = keyed["ping"] { decodePing(node, groups, log) }
        if let node = keyed["require"] { require = Self.require(node, log) }
        if let node = keyed["grant-limit"] { grantLimit = GrantLimit(decoding: node, log) }
        if let node = keyed["review-every"] { reviewEvery = Self.span(node, as: "review-every", log) }
        if let node = keyed["unused-after"] { unusedAfter = Self.span(node, as: "unused-after", log) }
    }

    /// The families in a list; `nil` after an error.
    private static func families(_ node: YamlNode, _ log: DiagnosticLog) -> Set<AddressFamily>? {
        let errors = log.errorCount
        let words = node.texts(as: "families", log).compactMap { text, place -> AddressFamily? in
            if let family = AddressFamily(rawValue: text) { return family }
            let repairs = ["4": "ipv4", "6": "ipv6", "inet": "ipv4", "inet6": "ipv6"]
            log.error(
                "\"families\" must be ipv4 or ipv6, not \(Printable.quoted(text))", at: place,
                repair: repairs[text] ?? Spelling.nearest(to: text, among: AddressFamily.allCases.map(\.rawValue)))
            return nil
        }
        return log.errorCount == errors ? Set(words) : nil
    }

    /// The answer to echo requests: a word, a rate, or a mapping of `from` and `rate`.
    private mutating func decodePing(_ node: YamlNode, _ groups: SourceGroups, _ log: DiagnosticLog) {
        guard case .mapping = node.content else {
            if let word = Self.ping(node, log) { ping = word }
            return
        }
        guard let keyed = KeyedNode(node, as: "\"ping\"", keys: ["from", "rate"], log) else { return }
        guard !keyed.lacks("from") || !keyed.lacks("rate") else {
            return log.error("\"ping\" lacks \"from\" or \"rate\"", at: node.place)
        }
        if let node = keyed["rate"] { ping = Rate(decoding: node, as: "rate", log).map(Ping.limited) ?? ping }
        groups.families = families
        if let node = keyed["from"] { pingSources = groups.sources(node) }
    }

    private static func ping(_ node: YamlNode, _ log: DiagnosticLog) -> Ping? {
        switch node.text {
        case "accept": return .accept
        case "drop": return .drop
        default: break
        }
        if let text = node.text, let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first) {
            log.error(
                "\"ping\" must be accept, drop or a rate, not \(Printable.quoted(text))", at: node.place,
                repair: Spelling.nearest(to: text, among: ["accept", "drop"]))
            return nil
        }
        return Rate(decoding: node, as: "ping", log).map(Ping.limited)
    }

    /// A time, or `nil` for `off` and after an error.
    private static func span(_ node: YamlNode, as key: String, _ log: DiagnosticLog) -> TimeSpan? {
        guard let text = node.text(as: key, log), !YamlNode.isOff(text) else { return nil }
        if let span = TimeSpan(text) { return span }
        log.error(
            "\"\(key)\" must be a time such as 90d or 180d, or off, not \(Printable.quoted(text))", at: node.place,
            repair: TimeSpan.repair(text, unit: "d"))
        return nil
    }

    private static func require(_ node: YamlNode, _ log: DiagnosticLog) -> [String] {
        if case .sequence(let items) = node.content, items.isEmpty { return [] }
        return node.texts(as: "require", log).compactMap { text, place in
            if Service.keys.contains(text) { return text }
            log.error(
                "\(Printable.quoted(text)) in \"require\" is not a key of a service", at: place,
                repair: Spelling.nearest(to: text, among: Service.keys))
            return nil
        }
    }
}

extension GrantLimit {
    /// The limit in a scalar: `4h`, or `off`; `nil` after an error.
    fileprivate init?(decoding node: YamlNode, _ log: DiagnosticLog) {
        guard let text = node.text(as: "grant-limit", log) else { return nil }
        let longest = TimeSpan(text)
        guard longest != nil || YamlNode.isOff(text) else {
            log.error(
                "\"grant-limit\" must be a time such as 30m, 4h or 1d, or off, not \(Printable.quoted(text))",
                at: node.place, repair: TimeSpan.repair(text, unit: "h"))
            return nil
        }
        self.init(longest: longest, location: node.place.location)
    }
}
