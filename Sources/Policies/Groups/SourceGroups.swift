internal import Addressing

/// The groups under `sources`, and what their names stand for.
final class SourceGroups {
    /// A group as it is written.
    private struct Definition {
        let name: String
        let place: Place
        let entries: [YamlNode]
        /// What is known of the entries; `nil` until resolved.
        var addresses: AddressSet?
        var isUsed = false
    }

    private let loader: FileLoader
    private let log: DiagnosticLog
    private var definitions: [Definition] = []
    private var indices: [String: Int] = [:]
    /// The lists that were read, by path: a list that two groups name is read once.
    private var lists: [String: AddressSet] = [:]

    init(loader: FileLoader, log: DiagnosticLog) {
        self.loader = loader
        self.log = log
    }

    /// Takes in the groups of one file's `sources`.
    func define(_ node: YamlNode) {
        for entry in node.uniqueEntries(as: "\"sources\"", log) ?? [] {
            guard Self.isName(entry, log) else { continue }
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

    /// The groups by name; call after every file was defined.
    func resolveAll() -> [SourceGroup] {
        for index in definitions.indices { resolve(from: index) }
        return definitions.sorted { $0.name < $1.name }.map {
            SourceGroup(name: $0.name, location: $0.place.location, addresses: $0.addresses ?? AddressSet())
        }
    }

    /// The list that a service, `deny` or a test names; `nil` after an error.
    ///
    /// Messages call it `what`, which is its key: `from`.
    func list(_ node: YamlNode, as what: String) -> SourceList? {
        let errors = log.errorCount
        var builder = AddressSetBuilder()
        var entries: [String] = []
        for item in node.items(as: what, log) {
            if case .mapping = item.content {
                log.error("\"\(what)\" takes no list file; name it in a group under \"sources\"", at: item.place)
                continue
            }
            guard let text = item.text(as: what, log) else { continue }
            entries.append(text)
            switch SourceEntry(text, at: item.place, log) {
            case .any?: builder.add(.any)
            case .range(let range)?: builder.add(range)
            case .group(let name)?:
                guard let index = find(name, at: item.place) else { continue }
                definitions[index].isUsed = true
                builder.add(definitions[index].addresses ?? AddressSet())
            case nil: continue
            }
        }
        guard log.errorCount == errors else { return nil }
        return SourceList(location: node.place.location, entries: entries, addresses: builder.build())
    }

    /// Reports groups that nothing names.
    func warnOfUnused() {
        for definition in definitions where !definition.isUsed {
            log.warning("group \(Printable.quoted(definition.name)) is not used", at: definition.place)
        }
    }

    private static func isName(_ entry: YamlEntry, _ log: DiagnosticLog) -> Bool {
        let name = entry.key
        if name == "any" {
            log.error("a group cannot be called \"any\", which is every address", at: entry.place)
        } else if AddressRange.isIntended(by: name) {
            log.error("a group cannot be called \(Printable.quoted(name)), which is an address", at: entry.place)
        } else if !SourceEntry.isGroupName(name) {
            let form = "a letter or _, then up to 62 letters, digits, _, . and -"
            log.error("\(Printable.quoted(name)) is no name of a group: \(form)", at: entry.place)
        } else {
            return true
        }
        return false
    }

    private static func entries(of entry: YamlEntry, _ log: DiagnosticLog) -> [YamlNode] {
        if entry.value.text == "" || entry.value.items.isEmpty {
            log.error("group \(Printable.quoted(entry.key)) is empty", at: entry.place)
            return []
        }
        return entry.value.items
    }

    private func find(_ name: String, at place: Place) -> Int? {
        if let index = indices[name] { return index }
        let hint = name.contains(".") ? " (host names are not looked up)" : ""
        log.error(
            "unknown group \(Printable.quoted(name))\(hint)", at: place,
            repair: Spelling.nearest(to: name, among: definitions.lazy.map(\.name)))
        return nil
    }
}

extension SourceGroups {
    /// A group whose entries are being read.
    private struct Visit {
        let group: Int
        var next = 0
        var builder = AddressSetBuilder()
    }

    /// Resolves a group after those it names; without recursion, since a chain may be as long as the file.
    private func resolve(from start: Int) {
        guard definitions[start].addresses == nil else { return }
        var path = [Visit(group: start)]
        var open: Set<Int> = [start]
        while let visit = path.last {
            let (top, group) = (path.count - 1, visit.group)
            guard visit.next < definitions[group].entries.count else {
                definitions[group].addresses = path[top].builder.build()
                open.remove(group)
                path.removeLast()
                continue
            }
            let node = definitions[group].entries[visit.next]
            guard let name = take(node, &path[top].builder), let index = find(name, at: node.place) else {
                path[top].next += 1
                continue
            }
            definitions[index].isUsed = true
            if let addresses = definitions[index].addresses {
                path[top].builder.add(addresses)
                path[top].next += 1
            } else if open.insert(index).inserted {
                path.append(Visit(group: index))
            } else {
                reportCycle(path.map(\.group), closing: index, at: node.place)
                path[top].next += 1
            }
        }
    }

    /// Adds what `node` spells; the name when it is that of a group.
    private func take(_ node: YamlNode, _ builder: inout AddressSetBuilder) -> String? {
        if case .mapping = node.content {
            builder.add(list(at: node))
            return nil
        }
        guard let text = node.text(as: "sources", log) else { return nil }
        switch SourceEntry(text, at: node.place, log) {
        case .any?: builder.add(.any)
        case .range(let range)?: builder.add(range)
        case .group(let name)?: return name
        case nil: break
        }
        return nil
    }

    /// The addresses of `{ file: path }`.
    private func list(at node: YamlNode) -> AddressSet {
        guard let keyed = KeyedNode(node, as: "a group's entry", keys: ["file"], log) else { return AddressSet() }
        guard let file = keyed["file"] else {
            log.error("a group's entry lacks \"file\"", at: node.place)
            return AddressSet()
        }
        guard let name = file.text(as: "file", log) else { return AddressSet() }
        let path = FilePattern.resolve(name, relativeTo: node.place.file.path)
        if let known = lists[path] { return known }
        guard let list = loader.load(path, namedAt: file.place)?.file else { return AddressSet() }
        let errors = log.errorCount
        let addresses = AddressList.read(list, log)
        if addresses.isEmpty, log.errorCount == errors {
            log.warning("list \(Printable.quoted(path)) has no address", at: file.place)
        }
        lists[path] = addresses
        return addresses
    }

    private func reportCycle(_ path: [Int], closing index: Int, at place: Place) {
        let cycle = path.drop { $0 != index } + [index]
        var names = cycle.prefix(8).map { definitions[$0].name }
        if cycle.count > 8 { names += ["…", definitions[index].name] }
        log.error("groups in a cycle: \(names.joined(separator: " -> "))", at: place)
    }
}
