/// A mapping whose keys are known, and found by name.
struct KeyedNode {
    /// The first entry of every key: so few that a dictionary would take longer.
    private let entries: [YamlEntry]

    /// The mapping `node`; `nil` after an error when it is none.
    ///
    /// Messages call it `what`. A key that is not among `keys` is reported.
    init?(_ node: YamlNode, as what: @autoclosure () -> String, keys: [String], _ log: DiagnosticLog) {
        guard let unique = node.uniqueEntries(as: what(), log) else { return nil }
        for entry in unique where !keys.contains(entry.key) {
            log.error(
                "unknown key \(Printable.quoted(entry.key)) in \(what())", at: entry.place,
                repair: Spelling.nearest(to: entry.key, among: keys))
        }
        entries = unique
    }

    /// The value of `key`; `nil` when it is not there.
    subscript(key: String) -> YamlNode? { entries.first { $0.key == key }?.value }

    /// The place of `key` itself; `nil` when it is not there.
    func place(of key: String) -> Place? { entries.first { $0.key == key }?.place }
}

extension YamlNode {
    /// Mappings of more entries than this are checked for duplicates with a dictionary.
    private static let fewEntries = 16

    /// The entries of a mapping without those whose key came before; reports these, and anything but a mapping.
    func uniqueEntries(as what: @autoclosure () -> String, _ log: DiagnosticLog) -> [YamlEntry]? {
        guard case .mapping(let entries) = content else {
            let hint = text == "" ? "; write {} for an empty one" : ""
            log.error("\(what()) must be a mapping, not \(kind)\(hint)", at: place)
            return nil
        }
        if entries.count <= Self.fewEntries, entries.haveDistinctKeys { return entries }
        var first: [String: Place] = [:]
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

    /// The value of a key of a mapping, the first one; `nil` when it is not there.
    func value(of key: String) -> YamlNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }
}

extension [YamlEntry] {
    /// Whether no key comes twice; compares each with each.
    fileprivate var haveDistinctKeys: Bool {
        indices.allSatisfy { index in !self[..<index].contains { $0.key == self[index].key } }
    }
}
