internal import Addressing

/// Decodes the conditions under which sources are let in: the entries of `allow` and `trusted`, and the short form.
struct EntryDecoder {
    /// The groups of sources, by name.
    let groups: SourceGroups
    /// The log for problems.
    let log: DiagnosticLog

    /// The keys of a service in the short form that are those of an entry.
    static let conditions = ["from", "except", "interfaces", "limit", "connections", "log", "expires"]
    /// The keys of an entry of `allow`.
    static let keys = conditions + ["why", "owner", "ticket"]

    /// The entry in the keys of a mapping; without sources after an error.
    ///
    /// A mapping without `from` has the sources `otherwise`.
    func entry(_ keyed: KeyedNode, at location: SourceLocation, otherwise: AddressSet = AddressSet()) -> AllowEntry {
        let isService = otherwise.isEmpty
        let sources = keyed["from"].flatMap { groups.sources($0, allowsNobody: isService) }
        let except = keyed["except"].flatMap { groups.list($0, as: "except") }
        var entry = AllowEntry(
            location: location,
            sources: sources
                ?? SourceList(
                    location: location, entries: otherwise.isAny ? ["any"] : [],
                    addresses: otherwise.intersection(groups.families)),
            except: except)
        if let node = keyed["interfaces"] {
            entry.interfaces = node.texts(as: "interfaces", log).compactMap { text, place in
                .init(decoding: text, at: place, log)
            }
        }
        entry.limit = keyed["limit"].flatMap { ConnectionLimit(decoding: $0, log) }
        entry.connections = keyed["connections"].flatMap(connections)
        entry.log = keyed["log"].flatMap { $0.flag(as: "log", log) } ?? false
        entry.expires = keyed["expires"].flatMap { Expiry(decoding: $0, log) }
        entry.why = keyed["why"].flatMap { $0.line(as: "why", log) }
        entry.owner = keyed["owner"].flatMap { $0.line(as: "owner", log) }
        entry.ticket = keyed["ticket"].flatMap { $0.line(as: "ticket", log) }
        return entry
    }

    /// The number in `connections`; `nil` after an error.
    private func connections(_ node: YamlNode) -> UInt32? {
        guard let text = node.text(as: "connections", log) else { return nil }
        guard let number = DecimalNumber.parse(text, maximum: Int(UInt32.max)), let count = UInt32(exactly: number),
            count > 0
        else {
            log.error(
                "\"connections\" must be a number from 1 to \(UInt32.max), not \(Printable.quoted(text))",
                at: node.place)
            return nil
        }
        return count
    }

    /// The entries of `allow`; why, owner and ticket of the service hold for entries without their own.
    func list(_ node: YamlNode, of service: Service) -> [AllowEntry] {
        node.items(as: "allow", log).compactMap { item in
            guard let keyed = KeyedNode(item, as: "an entry of \"allow\"", keys: Self.keys, log) else { return nil }
            if keyed.lacks("from") { log.error("an entry of \"allow\" lacks \"from\"", at: item.place) }
            var entry = entry(keyed, at: item.place.location)
            entry.why = entry.why ?? service.why
            entry.owner = entry.owner ?? service.owner
            entry.ticket = entry.ticket ?? service.ticket
            return entry
        }
    }

    /// The entry of `trusted`; `nil` after an error.
    func trusted(_ entry: YamlEntry) -> Trusted? {
        let isNamed = ServiceName.isValid(entry, "a name for \"trusted\"", log)
        let name = Printable.quoted(entry.key)
        let keys = Self.keys.filter { !["limit", "connections"].contains($0) } + ["reviewed"]
        guard let keyed = KeyedNode(entry.value, as: "\"trusted\" \(name)", keys: keys, log) else { return nil }
        let errors = log.errorCount
        var trusted = Trusted(name: entry.key, entry: self.entry(keyed, at: entry.place.location, otherwise: .any))
        trusted.reviewed = keyed["reviewed"].flatMap { Review(decoding: $0, log) }
        guard isNamed, log.errorCount == errors else { return nil }
        let everything = AddressSet.any.intersection(groups.families)
        if keyed["interfaces"] == nil {
            guard let node = keyed["from"], !trusted.entry.sources.addresses.isSuperset(of: everything) else {
                let place = keyed.place(of: "from") ?? entry.place
                log.error("\"trusted\" \(name) needs \"interfaces\", or a \"from\" that is not any", at: place)
                return nil
            }
            log.warning(
                "\"trusted\" \(name) has no \"interfaces\", and a source is easily forged", at: node.place)
        }
        return trusted
    }
}

/// The names of services and of entries of `trusted`.
enum ServiceName {
    /// Whether the key has the form `[a-z][a-z0-9-]{0,30}`; reports it otherwise, as the name of `what`.
    static func isValid(_ entry: YamlEntry, _ what: String, _ log: DiagnosticLog) -> Bool {
        let name = entry.key.utf8
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let isValid =
            (1...31).contains(name.count) && name.first.map { letters ~= $0 } == true
            && name.allSatisfy {
                letters ~= $0 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "-")
            }
        guard !isValid else { return true }
        let form =
            "a lower-case letter, then up to 30 lower-case letters, digits and -"
            + (entry.key.allSatisfy(\.isASCII) ? "" : ", all from a to z and 0 to 9")
        log.error("\(Printable.quoted(entry.key)) is not \(what); use \(form)", at: entry.place)
        return false
    }
}
