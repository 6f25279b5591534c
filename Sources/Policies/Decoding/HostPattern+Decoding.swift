extension HostPattern {
    private static let longest = 253

    /// The names and patterns of `host`; reports a policy that is for none of `names`, the names of this host.
    static func all(decoding node: YamlNode, names: [String]?, _ log: DiagnosticLog) -> [HostPattern] {
        let patterns = node.texts(as: "host", log).compactMap { text, place -> HostPattern? in
            guard text.utf8.count <= longest, text.utf8.allSatisfy(isAllowed) else {
                log.error("\(Printable.quoted(text)) is not the name of a host, nor a pattern such as db*", at: place)
                return nil
            }
            return HostPattern(text)
        }
        guard let names, !patterns.isEmpty, !patterns.contains(where: { names.contains(where: $0.matches) }) else {
            return patterns
        }
        let hosts = patterns.map { Printable.quoted($0.text) }.joined(separator: " or ")
        log.error("the policy is for \(hosts), and this host is \(Printable.quoted(names.first ?? ""))", at: node.place)
        return patterns
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || ".-_*".utf8.contains(byte)
    }
}
