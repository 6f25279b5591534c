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

    /// The service in an entry of `services`, or the forward in one of `forward`; `nil` after an error.
    func service(_ entry: YamlEntry, in section: Service.Section = .services) -> PlacedService? {
        let keys = section == .services ? Service.keys : Service.forwardKeys
        // An invalid name hides no other error of the service.
        let isNamed = ServiceName.isValid(entry, "a \(section.kind) name", log)
        var name: String { "\(section.kind) \(Printable.quoted(entry.key))" }
        if let misplaced = misplacement(of: entry, keys, name, section) {
            log.error(misplaced, at: entry.place)
            return nil
        }
        guard let keyed = KeyedNode(entry.value, as: name, keys: keys, log, home: Defaults.home) else { return nil }
        reportMissing(keyed, name, section, at: entry.place)
        let ports =
            (keyed["ports"].map { self.ports.decode($0, as: "ports") } ?? [])
            + (keyed["protocols"].map { protocols.decode($0, as: "protocols") } ?? [])
        var service = Service(name: entry.key, location: entry.place.location, ports: ports.map(\.port), entries: [])
        service.destinations = keyed["addresses"].flatMap(groups.destinations)
        service.listener = ListenerExpectation(decoding: keyed, log)
        service.why = keyed["why"].flatMap { $0.line(as: "why", log) }
        service.owner = keyed["owner"].flatMap { $0.line(as: "owner", log) }
        service.ticket = keyed["ticket"].flatMap { $0.line(as: "ticket", log) }
        service.reviewed = keyed["reviewed"].flatMap { Review(decoding: $0, log) }
        decodeEntries(keyed, name, &service)
        if section == .forward {
            // The title of the service in messages depends on it.
            service.forwarding = Forwarding(location: service.location, targets: [])
            service.forwarding = forwarding(keyed, of: service, at: entry.place)
            guard let families = service.forwarding?.families else { return nil }
            // A client without a target of its family is let in nowhere.
            service.entries = service.entries.map { $0.restricted(to: families) }
        }
        return isNamed ? PlacedService(service: service, entry: entry, ports: ports) : nil
    }

    /// The message about a key that is not indented below its service, or about the service that has none; `nil` for others.
    private func misplacement(
        of entry: YamlEntry, _ keys: [String], _ name: @autoclosure () -> String, _ section: Service.Section
    ) -> String? {
        if case .mapping = entry.value.content { return nil }
        if entry.value.text == "" { return "\(name()) is empty: indent its keys below it" }
        guard keys.contains(entry.key) else { return nil }
        return "\(Printable.quoted(entry.key)) is a key of a \(section.kind): indent it below the name of one"
    }

    private func decodeEntries(_ keyed: KeyedNode, _ name: @autoclosure () -> String, _ service: inout Service) {
        let entries = EntryDecoder(groups: groups, log: log)
        guard let node = keyed["allow"] else {
            var entry = entries.entry(keyed, at: service.location)
            (entry.why, entry.owner, entry.ticket) = (service.why, service.owner, service.ticket)
            service.entries = [entry]
            return
        }
        for key in EntryDecoder.conditions {
            guard let place = keyed.place(of: key) else { continue }
            log.error("\(name()) has \"allow\" and \"\(key)\"; move \"\(key)\" into its entries", at: place)
        }
        service.listsEntries = true
        service.entries = entries.list(node, of: service)
    }

    /// Reports each key that is mandatory and missing.
    private func reportMissing(
        _ keyed: KeyedNode, _ name: @autoclosure () -> String, _ section: Service.Section, at place: SourceSpan
    ) {
        let pairs = [("ports", "protocols"), ("from", "allow")]
        for (key, other) in pairs where keyed.lacks(key) && keyed.lacks(other) {
            log.error("\(name()) lacks \"\(key)\"", at: place)
        }
        // Who listens on another host is not known here.
        let inapplicable = section == .forward ? ["process", "unit", "user", "optional"] : []
        for key in required where !has(key, keyed) && !pairs.contains(where: { $0.0 == key || $0.1 == key }) {
            guard !inapplicable.contains(key) else { continue }
            log.error("\(name()) lacks \"\(key)\", which \"defaults.require\" demands", at: place)
        }
    }

    /// Whether the service, or each entry of its `allow`, has the key.
    private func has(_ key: String, _ keyed: KeyedNode) -> Bool {
        if !keyed.lacks(key) { return true }
        guard EntryDecoder.keys.contains(key), let allow = keyed["allow"] else { return false }
        return allow.items.allSatisfy { $0.value(of: key) != nil }
    }
}

extension Service {
    /// The keys that a service may have.
    static let keys = [
        "ports", "protocols", "addresses", "from", "except", "interfaces", "limit", "connections", "log", "expires",
        "allow", "process", "unit", "user", "optional", "why", "owner", "ticket", "reviewed",
    ]
}
