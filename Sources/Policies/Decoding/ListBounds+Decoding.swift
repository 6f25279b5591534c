internal import Addressing

extension ListBounds {
    /// The keys of the bounds, beside `file`.
    static let keys = ["at-least", "at-most", "shrink", "widest"]

    /// The largest number of entries that a bound can have: more than fit into a file.
    private static let largest = 1_000_000_000

    /// The bounds beside the `file` of an entry of a group; without those that are wrong.
    init(decoding keyed: KeyedNode, _ log: DiagnosticLog) {
        self.init()
        atLeast = keyed["at-least"].flatMap { Self.count($0, "at-least", log) }
        atMost = keyed["at-most"].flatMap { Self.count($0, "at-most", log) }
        shrink = keyed["shrink"].flatMap { Self.percent($0, log) }
        widest = keyed["widest"].flatMap { PrefixLengths(decoding: $0, log) }
        guard let least = atLeast, let most = atMost, most < least, let node = keyed["at-most"] else { return }
        log.error("\"at-most: \(most)\" is less than \"at-least: \(least)\"", at: node.place)
    }

    private static func count(_ node: YamlNode, _ key: String, _ log: DiagnosticLog) -> Int? {
        guard let text = node.text(as: key, log) else { return nil }
        if let number = DecimalNumber.parse(text, maximum: largest), number <= largest { return number }
        log.error(
            "\"\(key)\" must be a number of entries from 0 to \(largest), not \(Printable.quoted(text))", at: node.place
        )
        return nil
    }

    private static func percent(_ node: YamlNode, _ log: DiagnosticLog) -> Int? {
        guard let text = node.text(as: "shrink", log) else { return nil }
        let digits = text.hasSuffix("%") ? text.dropLast() : text[...]
        let number = DecimalNumber.parse(digits, maximum: 100).flatMap { $0 <= 100 ? $0 : nil }
        if let number, text.hasSuffix("%") { return number }
        log.error(
            "\"shrink\" must be a part from 0% to 100%, not \(Printable.quoted(text))", at: node.place,
            repair: number.map { "\($0)%" })
        return nil
    }
}

extension PrefixLengths {
    /// The lengths in a scalar for IPv4, `/8`, or in a mapping of `ipv4` and `ipv6`; `nil` after an error.
    fileprivate init?(decoding node: YamlNode, _ log: DiagnosticLog) {
        self = .usual
        guard case .mapping = node.content else {
            guard let length = Self.length(node, "widest", .ipv4, log) else { return nil }
            ipv4 = length
            return
        }
        guard let keyed = KeyedNode(node, as: "\"widest\"", keys: AddressFamily.allCases.map(\.rawValue), log) else {
            return nil
        }
        let errors = log.errorCount
        if let node = keyed["ipv4"], let length = Self.length(node, "ipv4", .ipv4, log) { ipv4 = length }
        if let node = keyed["ipv6"], let length = Self.length(node, "ipv6", .ipv6, log) { ipv6 = length }
        if log.errorCount > errors { return nil }
    }

    private static func length(
        _ node: YamlNode, _ key: String, _ family: AddressFamily, _ log: DiagnosticLog
    ) -> Int? {
        guard let text = node.text(as: key, log) else { return nil }
        let most = family == .ipv4 ? 32 : 128
        let digits = text.hasPrefix("/") ? text.dropFirst() : text[...]
        let length = DecimalNumber.parse(digits, maximum: most).flatMap { $0 <= most ? $0 : nil }
        if let length, text.hasPrefix("/") { return length }
        let hint = key == "widest" ? "; for IPv6, write {ipv4: /8, ipv6: /32}" : ""
        log.error(
            "\"\(key)\" must be a prefix length from /0 to /\(most), not \(Printable.quoted(text))\(hint)",
            at: node.place, repair: length.map { "/\($0)" })
        return nil
    }
}
