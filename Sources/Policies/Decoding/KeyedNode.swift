/// A mapping with a fixed set of keys, which finds values by key.
struct KeyedNode {
    /// The first entry of each key; there are so few that a dictionary would be slower.
    private let entries: [YamlEntry]
    /// The known keys that unknown ones are taken for.
    private let meant: Set<String>

    /// The mapping `node`; `nil` after an error if `node` is not a mapping.
    ///
    /// Reports each key that is not in `keys`, with the `home` of one that belongs elsewhere. Messages call the mapping
    /// `what`.
    init?(
        _ node: YamlNode, as what: @autoclosure () -> String, keys: [String], _ log: DiagnosticLog,
        home: (String) -> String? = { _ in nil }
    ) {
        guard let unique = node.uniqueEntries(as: what(), log) else { return nil }
        var meant: Set<String> = []
        for entry in unique where !keys.contains(entry.key) {
            let words = entry.key.split(separator: " ", maxSplits: 1).map(String.init)
            // `from any` instead of `from: any`.
            let unseparated = words.count == 2 && keys.contains(words[0]) ? words[0] : nil
            let key = unseparated ?? Spelling.key(for: entry.key, among: keys)
            if let key { meant.insert(key) }
            let repair = unseparated == nil ? key : words.joined(separator: ": ")
            let advice = repair == nil ? home(entry.key).map { "; it belongs in \($0)" } ?? "" : ""
            log.error(
                "unknown key \(Printable.quoted(entry.key)) in \(what())\(advice)", at: entry.place, repair: repair)
        }
        entries = unique
        self.meant = meant
    }

    /// The value of `key`; `nil` if the mapping lacks it.
    subscript(key: String) -> YamlNode? { entries.first { $0.key == key }?.value }

    /// Whether the mapping has neither `key` nor a misspelt one that stands for it, which is reported already.
    func lacks(_ key: String) -> Bool { self[key] == nil && !meant.contains(key) }

    /// The place of the key `key` itself; `nil` if the mapping lacks it.
    func place(of key: String) -> SourceSpan? { entries.first { $0.key == key }?.place }
}

extension YamlNode {
    /// Mappings with more entries than this are checked for duplicates with a dictionary.
    private static let fewEntries = 16

    /// The first entry of each key of a mapping; reports duplicate keys, and a node that is not a mapping.
    func uniqueEntries(as what: @autoclosure () -> String, _ log: DiagnosticLog) -> [YamlEntry]? {
        guard case .mapping(let entries) = content else {
            let hint = text == "" ? "; write {} for an empty one" : needlessDashes ?? missingColon
            log.error("\(what()) must be a mapping, not \(kind)\(hint)", at: place)
            return nil
        }
        if entries.count <= Self.fewEntries, entries.haveDistinctKeys { return entries }
        var first: [String: SourceSpan] = [:]
        return entries.filter { entry in
            guard let earlier = first[entry.key] else {
                first[entry.key] = entry.place
                return true
            }
            log.error(
                "duplicate key \(Printable.quoted(entry.key)), first at \(earlier.description)", at: entry.place)
            return false
        }
    }

    /// The advice about a list of mappings, as `services` is in files of other programs; `nil` for other nodes.
    private var needlessDashes: String? {
        guard case .sequence(let items) = content, case .mapping = items.first?.content else { return nil }
        return "; write its entries without \"- \""
    }

    /// The advice about a line that stands where a key with its value should; empty for other nodes.
    private var missingColon: String {
        guard case .scalar = content, let line = place.file.line(place.line),
            line.prefix(place.column - 1).allSatisfy({ $0 == UInt8(ascii: " ") })
        else { return "" }
        return YamlProblem.missingColon(inLine: place.line, of: place.file)
    }

    /// The first value of `key`; `nil` if the node is not a mapping or lacks the key.
    func value(of key: String) -> YamlNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }
}

extension [YamlEntry] {
    /// Whether no key occurs twice; compares each with each.
    fileprivate var haveDistinctKeys: Bool {
        indices.allSatisfy { index in !self[..<index].contains { $0.key == self[index].key } }
    }
}
