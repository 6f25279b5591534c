internal import Addressing

/// The groups under `sources`, and their addresses.
final class SourceGroups {
    /// A group as written in the policy.
    struct Definition {
        let name: String
        let place: SourceSpan
        let entries: [YamlNode]
        /// The addresses of all entries; `nil` until the group is resolved.
        var addresses: AddressSet?
        /// The lists that it names, also by other groups.
        var lists: Set<Int> = []
        /// The DNS names in it, also by other groups.
        var names: Set<String> = []
        var isUsed = false
        /// Whether it is being resolved, so that a group which names it is part of a cycle.
        var isOpen = false
    }

    let reader: ListReader
    let nameReader: NameReader
    let log: DiagnosticLog
    /// The families that the host speaks.
    var families = Set(AddressFamily.allCases)
    var definitions: [Definition] = []
    private var indices: [String: Int] = [:]
    /// The bytes of addresses that all groups may still hold.
    var room: Int

    /// Groups of other groups hold the same addresses again: as many as four lists of a million prefixes of IPv6.
    private static let mostBytes = 128 << 20

    init(lists reader: ListReader, names nameReader: NameReader, log: DiagnosticLog, room: Int = mostBytes) {
        self.reader = reader
        self.nameReader = nameReader
        self.log = log
        self.room = room
    }

    /// Adds the groups under `sources` of one file.
    func define(_ node: YamlNode) {
        for entry in node.uniqueEntries(as: "\"sources\"", log) ?? [] {
            guard Self.isName(entry, log) || Self.isMisnamed(entry.key) else { continue }
            if let earlier = indices[entry.key] {
                let first = definitions[earlier].place.description
                log.error("group \(Printable.quoted(entry.key)) is already defined at \(first)", at: entry.place)
                continue
            }
            indices[entry.key] = definitions.count
            let entries = Self.entries(of: entry, log)
            definitions.append(Definition(name: entry.key, place: entry.place, entries: entries))
        }
    }

    /// The groups, sorted by name; call this after `define` for all files.
    func resolveAll() -> [SourceGroup] {
        for index in definitions.indices { resolve(from: index) }
        return definitions.sorted { $0.name < $1.name }.map {
            var group = SourceGroup(
                name: $0.name, location: $0.place.location, addresses: $0.addresses ?? AddressSet())
            group.names = $0.names.sorted()
            return group
        }
    }

    /// The sources of a service, of `deny` or of a test; `nil` after an error.
    ///
    /// Messages call the list `what`, its key.
    /// `nobody` is a list of its own without addresses, where it is allowed and no group has the name. Groups with DNS names
    /// are an error unless they are allowed.
    func list(
        _ node: YamlNode, as what: String, allowsNobody: Bool = false, allowsNames: Bool = false
    ) -> SourceList? {
        if allowsNobody, node.text == SourceList.nobody, indices[SourceList.nobody] == nil {
            return SourceList(
                location: node.place.location, entries: [SourceList.nobody], addresses: AddressSet())
        }
        let errors = log.errorCount
        var builder = AddressSetBuilder()
        var entries: [String] = []
        var names: Set<String> = []
        for item in node.items(as: what, log) {
            if case .mapping = item.content {
                let kind = item.value(of: "names") == nil ? "name a list file; name it" : "have \"names\"; write them"
                log.error("\"\(what)\" cannot \(kind) in a group under \"sources\"", at: item.place)
                continue
            }
            guard let text = item.text(as: what, log) else { continue }
            entries.append(text)
            switch entry(text, at: item.place) {
            case .any?: builder.add(.any)
            case .range(let range)?: builder.add(range)
            case .group(let name)?:
                guard let index = find(name, at: item.place) else { continue }
                definitions[index].isUsed = true
                builder.add(definitions[index].addresses ?? AddressSet())
                names.formUnion(definitions[index].names)
                if !allowsNames { refuseNames(of: definitions[index], in: what, at: item.place) }
            case nil: continue
            }
        }
        guard log.errorCount == errors else { return nil }
        var list = SourceList(location: node.place.location, entries: entries, addresses: builder.build())
        list.names = names.sorted()
        return list
    }

    private func refuseNames(of group: Definition, in what: String, at place: SourceSpan) {
        guard let name = group.names.min() else { return }
        log.error(
            "group \(Printable.quoted(group.name)) has the DNS name \(Printable.quoted(name)), "
                + "and names can stand in \"from\" and \"to\" only, not in \"\(what)\"", at: place)
    }

    /// The sources of a service, without those of a family that the host does not speak; `nil` after an error.
    func sources(_ node: YamlNode, allowsNobody: Bool = false) -> SourceList? {
        spoken(node, as: "from", "sources", allowsNobody: allowsNobody)
    }

    private func spoken(
        _ node: YamlNode, as what: String, _ noun: String, allowsNobody: Bool = false
    ) -> SourceList? {
        guard var list = list(node, as: what, allowsNobody: allowsNobody, allowsNames: true) else { return nil }
        let spoken = list.addresses.intersection(families)
        if spoken.isEmpty, !list.addresses.isEmpty, list.names.isEmpty {
            let family = families.contains(.ipv4) ? "IPv6" : "IPv4"
            log.warning("all \(noun) are \(family), which \"defaults.families\" leaves out", at: node.place)
        }
        list.addresses = spoken
        return list
    }

    /// The destinations of a line of `outbound`, without those of a family that the host does not speak; `nil` after an error.
    func outboundDestinations(_ node: YamlNode) -> SourceList? { spoken(node, as: "to", "destinations") }

    /// The addresses of a host at which a service is reached; `nil` after an error.
    func destinations(_ node: YamlNode) -> SourceList? {
        guard let list = list(node, as: "addresses") else { return nil }
        for (entry, item) in zip(list.entries, node.items) where entry == "any" {
            log.error("\"addresses\" cannot be any; without it a service is open at every address", at: item.place)
            return nil
        }
        return list
    }

    /// The lists that these entries of a list of sources name, also by groups in groups.
    func lists(of entries: [String]) -> Set<Int> {
        entries.reduce(into: []) { lists, entry in
            if let index = indices[entry] { lists.formUnion(definitions[index].lists) }
        }
    }

    /// Reports the groups that are never used.
    func warnOfUnused() {
        for definition in definitions where !definition.isUsed {
            log.warning("group \(Printable.quoted(definition.name)) is not used", at: definition.place)
        }
    }

    private static func isName(_ entry: YamlEntry, _ log: DiagnosticLog) -> Bool {
        let name = entry.key
        if name == "any" {
            log.error("a group cannot be named \"any\", which means every address", at: entry.place)
        } else if AddressRange.isIntended(by: name) {
            log.error("a group cannot be named \(Printable.quoted(name)), which looks like an address", at: entry.place)
        } else if isMisnamed(name) {
            let form = "a letter or _, then up to 62 letters, digits, _, . and -"
            log.error("\(Printable.quoted(name)) is not a group name; use \(form)", at: entry.place)
        } else {
            return true
        }
        return false
    }

    /// Whether a group is defined under a name of another form, so that one error stands for all of its uses.
    private static func isMisnamed(_ name: String) -> Bool {
        name != "any" && !AddressRange.isIntended(by: name) && !SourceEntry.isGroupName(name)
    }

    private static func entries(of entry: YamlEntry, _ log: DiagnosticLog) -> [YamlNode] {
        if entry.value.text == "" || entry.value.items.isEmpty {
            log.error("group \(Printable.quoted(entry.key)) is empty", at: entry.place)
            return []
        }
        return entry.value.items
    }

    /// What other programs call `any` and `nobody`.
    private static let synonyms = [
        "any": "any", "all": "any", "everyone": "any", "world": "any", "anyone": "any", "none": "nobody",
    ]

    /// One entry of a list; `nil` after an error.
    func entry(_ text: String, at place: SourceSpan) -> SourceEntry? {
        indices[text] == nil ? SourceEntry(text, at: place, log) : .group(text)
    }

    func find(_ name: String, at place: SourceSpan) -> Int? {
        if let index = indices[name] { return index }
        let repair =
            Spelling.nearest(to: name, among: definitions.lazy.map(\.name)) ?? Self.synonyms[name.lowercased()]
        let advice = Self.advice(about: name) ?? (repair == nil ? "; define it under \"sources\"" : "")
        log.error("unknown group \(Printable.quoted(name))\(advice)", at: place, repair: repair)
        return nil
    }

    /// What to write instead of a name that has a meaning, but not this one; `nil` for other names.
    private static func advice(about name: String) -> String? {
        switch name {
        case "localhost": " (loopback is always let in)"
        case SourceList.nobody: " (it is valid only by itself, as in \"from: nobody\")"
        case _ where name.contains("."): " (a DNS name is written as {names: [\(Printable.text(name))]} in a group)"
        default: nil
        }
    }
}
