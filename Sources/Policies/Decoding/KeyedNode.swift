/// A mapping whose keys are known, and found by name.
struct KeyedNode {
    /// The first entry of every key.
    private let entries: [String: YamlEntry]

    /// The mapping `node`; `nil` after an error when it is none.
    ///
    /// Messages call it `what`. A key that is not among `keys` is reported.
    init?(_ node: YamlNode, as what: String, keys: [String], _ log: DiagnosticLog) {
        guard let unique = node.uniqueEntries(as: what, log) else { return nil }
        var entries: [String: YamlEntry] = [:]
        for entry in unique {
            if !keys.contains(entry.key) {
                log.error(
                    "unknown key \(Printable.quoted(entry.key)) in \(what)", at: entry.place,
                    repair: Spelling.nearest(to: entry.key, among: keys))
            }
            entries[entry.key] = entry
        }
        self.entries = entries
    }

    /// The value of `key`; `nil` when it is not there.
    subscript(key: String) -> YamlNode? { entries[key]?.value }

    /// The place of `key` itself; `nil` when it is not there.
    func place(of key: String) -> Place? { entries[key]?.place }
}

extension YamlNode {
    /// The entries of a mapping without those whose key came before; reports these, and anything but a mapping.
    func uniqueEntries(as what: String, _ log: DiagnosticLog) -> [YamlEntry]? {
        guard case .mapping(let entries) = content else {
            let hint = text == "" ? "; write {} for an empty one" : ""
            log.error("\(what) must be a mapping, not \(kind)\(hint)", at: place)
            return nil
        }
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
}
