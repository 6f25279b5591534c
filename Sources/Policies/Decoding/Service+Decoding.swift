internal import Addressing

/// Decodes services and tests, and resolves the names of their sources and ports.
struct ServiceDecoder {
    /// The groups of sources, by name.
    let groups: SourceGroups
    /// Decodes ports.
    let ports: PortDecoder
    /// Decodes protocols without ports.
    let protocols: ProtocolDecoder
    /// The keys that `defaults.require` makes mandatory.
    let required: [String]
    /// The log for problems.
    let log: DiagnosticLog

    /// The service in an entry of `services`; `nil` after an error.
    func service(_ entry: YamlEntry) -> PlacedService? {
        guard isName(entry) else { return nil }
        var name: String { Printable.quoted(entry.key) }
        guard let keyed = KeyedNode(entry.value, as: "service \(name)", keys: Service.keys, log) else { return nil }
        reportMissing(keyed, name, at: entry.place)
        let ports =
            (keyed["ports"].map { self.ports.decode($0, as: "ports") } ?? [])
            + (keyed["protocols"].map { protocols.decode($0, as: "protocols") } ?? [])
        var service = Service(name: entry.key, location: entry.place.location, ports: ports.map(\.port), entries: [])
        service.listener = ListenerExpectation(decoding: keyed, log)
        service.why = keyed["why"].flatMap { $0.line(as: "why", log) }
        service.owner = keyed["owner"].flatMap { $0.line(as: "owner", log) }
        service.ticket = keyed["ticket"].flatMap { $0.line(as: "ticket", log) }
        service.entries = [shortForm(keyed, of: service)]
        return PlacedService(service: service, entry: entry, ports: ports)
    }

    /// Reports each key that is mandatory and missing.
    private func reportMissing(_ keyed: KeyedNode, _ name: String, at place: SourceSpan) {
        if keyed["protocols"] == nil, keyed["ports"] == nil { log.error("service \(name) lacks \"ports\"", at: place) }
        for key in Service.mandatoryKeys where keyed[key] == nil {
            log.error("service \(name) lacks \"\(key)\"", at: place)
        }
        for key in required where keyed[key] == nil && key != "ports" && !Service.mandatoryKeys.contains(key) {
            log.error("service \(name) lacks \"\(key)\", which \"defaults.require\" demands", at: place)
        }
    }

    /// The only entry of a service whose conditions are keys of the service itself.
    private func shortForm(_ keyed: KeyedNode, of service: Service) -> AllowEntry {
        let sources = keyed["from"].flatMap { groups.list($0, as: "from") }
        var entry = AllowEntry(
            location: service.location,
            sources: sources ?? SourceList(location: service.location, entries: [], addresses: AddressSet()),
            why: service.why, owner: service.owner, ticket: service.ticket)
        if let node = keyed["interfaces"] {
            entry.interfaces = node.texts(as: "interfaces", log).compactMap { text, place in
                .init(decoding: text, at: place, log)
            }
        }
        entry.limit = keyed["limit"].flatMap { ConnectionLimit(decoding: $0, log) }
        entry.log = keyed["log"].flatMap { $0.flag(as: "log", log) } ?? false
        entry.expires = keyed["expires"].flatMap { Expiry(decoding: $0, log) }
        return entry
    }

    /// Whether the key has the form `[a-z][a-z0-9-]{0,30}`; reports it otherwise.
    private func isName(_ entry: YamlEntry) -> Bool {
        let name = entry.key.utf8
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let isValid =
            (1...31).contains(name.count) && name.first.map { letters ~= $0 } == true
            && name.allSatisfy {
                letters ~= $0 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "-")
            }
        guard !isValid else { return true }
        let form = "a lower-case letter, then up to 30 lower-case letters, digits and -"
        log.error("\(Printable.quoted(entry.key)) is not a service name; use \(form)", at: entry.place)
        return false
    }
}

extension Service {
    /// The keys that every service must have, beside `ports` or `protocols`.
    static let mandatoryKeys = ["from"]

    /// The keys that a service may have.
    static let keys = [
        "ports", "protocols", "from", "interfaces", "limit", "log", "expires", "process", "unit", "user", "optional",
        "why", "owner",
        "ticket",
    ]
}
