internal import Addressing

/// Reads the DNS names of groups, each with the addresses that are known.
final class NameReader {
    private let loader: FileLoader
    private let log: DiagnosticLog
    /// The names, in the order of loading.
    private(set) var names: [NamedSource] = []
    /// The place of the first one.
    private(set) var firstPlace: SourceSpan?
    private var indices: [String: Int] = [:]

    /// The keys of an entry.
    static let keys = ["names", "keep", "at-most"]
    /// More names would take too long to renew.
    static let mostNames = 100
    /// The largest `at-most`.
    private static let mostAddresses = 4096

    init(loader: FileLoader, log: DiagnosticLog) {
        self.loader = loader
        self.log = log
    }

    /// Reads the names of an entry `{ names: [...] }` of a group; `nil` after an error.
    func read(_ node: YamlNode, of group: String) -> (names: [String], addresses: AddressSet)? {
        guard let keyed = KeyedNode(node, as: "an entry of a group with \"names\"", keys: Self.keys, log),
            let list = keyed["names"]
        else { return nil }
        let errors = log.errorCount
        let keep = keyed["keep"].flatMap(keep) ?? NamedSource.usualKeep
        let most = keyed["at-most"].flatMap(atMost) ?? NamedSource.usualMost
        var listed: [String] = []
        var builder = AddressSetBuilder()
        for item in list.items(as: "names", log) {
            guard let name = name(item) else { continue }
            guard !listed.contains(name) else {
                log.error("name \(Printable.quoted(name)) is listed twice", at: item.place)
                continue
            }
            listed.append(name)
            let source = NamedSource(
                name: name, location: item.place.location, groups: [group], keep: keep, atMost: most)
            if let addresses = add(source, at: item.place) { builder.add(addresses) }
        }
        return log.errorCount == errors ? (listed, builder.build()) : nil
    }

    private func name(_ node: YamlNode) -> String? {
        guard let text = node.text(as: "names", log) else { return nil }
        do throws(HostName.Fault) { return try HostName(text).text } catch {
            log.error("\(Printable.quoted(text)) \(error.reason)", at: node.place, repair: error.repair)
            return nil
        }
    }

    private func keep(_ node: YamlNode) -> TimeSpan? {
        guard let text = node.text(as: "keep", log) else { return nil }
        if let span = TimeSpan(text) { return span }
        log.error("\"keep\" must be a time from 1s to 366d such as 24h, not \(Printable.quoted(text))", at: node.place)
        return nil
    }

    private func atMost(_ node: YamlNode) -> Int? {
        guard let text = node.text(as: "at-most", log) else { return nil }
        if let number = DecimalNumber.parse(text, maximum: Self.mostAddresses), 1...Self.mostAddresses ~= number {
            return number
        }
        log.error(
            "\"at-most\" must be a number of addresses from 1 to \(Self.mostAddresses), not \(Printable.quoted(text))",
            at: node.place)
        return nil
    }

    /// Adds a name, or a group to one that is known; returns its addresses, `nil` after an error.
    private func add(_ source: NamedSource, at place: SourceSpan) -> AddressSet? {
        guard let index = indices[source.name] else { return load(source, at: place) }
        let first = names[index]
        guard first.keep == source.keep, first.atMost == source.atMost else {
            let line = "\(Printable.text(first.location.file)):\(first.location.line)"
            log.error(
                "name \(Printable.quoted(source.name)) has another \"keep\" or \"at-most\" at \(line); "
                    + "name it in one group, and that group here", at: place)
            return nil
        }
        for group in source.groups where !first.groups.contains(group) { names[index].groups.append(group) }
        return first.addresses
    }

    private func load(_ source: NamedSource, at place: SourceSpan) -> AddressSet? {
        guard names.count < Self.mostNames else {
            if names.count == Self.mostNames {
                log.error("a policy can have \(Self.mostNames) names at most; use prefixes, or a list", at: place)
            }
            return nil
        }
        var source = source
        let known = loader.files.addresses(ofName: source.name) ?? []
        let addresses = NamedSource.addresses(in: known)
        source.addresses = AddressSet(addresses ?? [])
        loader.keep(
            list: SourceFile(path: source.path, index: loader.paths.count, bytes: addresses == nil ? [] : known))
        indices[source.name] = names.count
        names.append(source)
        firstPlace = firstPlace ?? place
        return source.addresses
    }
}
