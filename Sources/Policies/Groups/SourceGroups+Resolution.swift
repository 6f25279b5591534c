internal import Addressing

extension SourceGroups {
    /// A group on the current path, with the entries read so far.
    private struct Visit {
        let group: Int
        var next = 0
        var builder = AddressSetBuilder()
        var lists: Set<Int> = []
        var names: Set<String> = []
    }

    /// Resolves a group after the groups that it names; without recursion, as a chain may be as long as the file.
    func resolve(from start: Int) {
        guard definitions[start].addresses == nil else { return }
        var path = [Visit(group: start)]
        definitions[start].isOpen = true
        while let visit = path.last {
            let top = path.count - 1
            let group = visit.group
            guard visit.next < definitions[group].entries.count else {
                definitions[group].addresses = build(path[top].builder, group)
                (definitions[group].lists, definitions[group].names) = (path[top].lists, path[top].names)
                definitions[group].isOpen = false
                path.removeLast()
                continue
            }
            let node = definitions[group].entries[visit.next]
            guard let name = take(node, &path[top]), let index = find(name, at: node.place) else {
                path[top].next += 1
                continue
            }
            definitions[index].isUsed = true
            if let addresses = definitions[index].addresses {
                path[top].builder.add(addresses)
                path[top].lists.formUnion(definitions[index].lists)
                path[top].names.formUnion(definitions[index].names)
                path[top].next += 1
            } else if definitions[index].isOpen {
                reportCycle(path.map(\.group), closing: index, at: node.place)
                path[top].next += 1
            } else {
                definitions[index].isOpen = true
                path.append(Visit(group: index))
            }
        }
    }

    /// The addresses of a group; none after the error that all groups hold too many.
    private func build(_ builder: AddressSetBuilder, _ group: Int) -> AddressSet {
        guard room > 0 else { return AddressSet() }
        let isShared = builder.isOneSet
        let addresses = builder.build()
        guard !isShared else { return addresses }
        room -= addresses.size
        guard room <= 0 else { return addresses }
        log.error(
            "groups up to \(Printable.quoted(definitions[group].name)) repeat the addresses of other groups so often that all need "
                + "too much memory; name those groups where they are used instead", at: definitions[group].place)
        return AddressSet()
    }

    /// Adds the addresses of `node` to those of a group; returns the name if `node` names a group.
    private func take(_ node: YamlNode, _ visit: inout Visit) -> String? {
        if node.value(of: "names") != nil {
            guard let (names, addresses) = nameReader.read(node, of: definitions[visit.group].name) else { return nil }
            visit.builder.add(addresses)
            visit.names.formUnion(names)
            return nil
        }
        if case .mapping = node.content {
            guard let (list, addresses) = reader.read(node, of: definitions[visit.group].name) else { return nil }
            visit.builder.add(addresses)
            visit.lists.insert(list)
            return nil
        }
        guard let text = node.text(as: "sources", log) else { return nil }
        switch entry(text, at: node.place) {
        case .any?: visit.builder.add(.any)
        case .range(let range)?: visit.builder.add(range)
        case .group(let name)?: return name
        case nil: break
        }
        return nil
    }

    private func reportCycle(_ path: [Int], closing index: Int, at place: SourceSpan) {
        let cycle = path.drop { $0 != index } + [index]
        var names = cycle.prefix(8).map { definitions[$0].name }
        if cycle.count > 8 { names += ["…", definitions[index].name] }
        log.error("groups include each other in a cycle: \(names.joined(separator: " -> "))", at: place)
    }
}

extension AddressSet {
    /// The bytes that its ranges need.
    fileprivate var size: Int {
        ipv4.ranges.count * MemoryLayout<ClosedRange<UInt32>>.stride
            + ipv6.ranges.count * MemoryLayout<ClosedRange<UInt128>>.stride
    }
}
