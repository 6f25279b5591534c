internal import Addressing

extension PolicyLint {
    /// Checks the entries of a service, each at its place.
    func checkEntries(_ placed: PlacedService, _ redundancy: SourceRedundancy) {
        let name = placed.service.title
        let nodes = placed.service.listsEntries ? placed.nodes : [placed.entry.value]
        let isUnreachable = isUnreachable(placed.service)
        for (index, (entry, node)) in zip(placed.service.entries, nodes).enumerated() {
            checkInterfaces(entry.interfaces, in: node)
            if let now, entry.isExpired(at: now), let place = node.value(of: "expires")?.place {
                log.warning("\(placed.service.listsEntries ? "an entry of " : "")\(name) has expired", at: place)
            }
            guard let place = node.value(of: "from")?.place, !isUnreachable else { continue }
            for redundant in redundancy.entries(ofService: entry.sources) {
                warn(of: redundant, in: "from", " of \(name)", at: place)
            }
            checkOrder(of: entry, after: placed.service.entries[..<index], name, at: place)
        }
    }

    /// Reports an entry that earlier ones leave nothing, or that lets in again what an earlier one takes out.
    private func checkOrder(
        of entry: AllowEntry, after earlier: ArraySlice<AllowEntry>, _ name: String, at place: SourceSpan
    ) {
        let always = earlier.filter { $0.interfaces.isEmpty && $0.expires == nil && $0.sources.names.isEmpty }
        let taken = always.reduce(AddressSet()) { $0.union($1.addresses) }
        if !entry.addresses.isEmpty, entry.sources.names.isEmpty, taken.isSuperset(of: entry.addresses) {
            log.warning("an entry of \(name) never decides: earlier entries have all its sources", at: place)
            return
        }
        for other in earlier {
            guard let except = other.except else { continue }
            let exempt = except.addresses.intersection(other.sources.addresses).intersection(entry.addresses)
            guard let witness = exempt.witness else { continue }
            let line = "\(Printable.text(except.location.file)):\(except.location.line)"
            log.warning(
                "an entry of \(name) lets in again what \"except\" at \(line) takes out, such as \(witness)", at: place)
        }
    }

    /// Checks the date of a review.
    func check(_ reviewed: Review?, at node: YamlNode?) {
        // The end of today is not over yet.
        guard let now, let reviewed, let node, reviewed.time > now + 86400 else { return }
        log.warning("\"reviewed\" is in the future: \(reviewed.written)", at: node.place)
    }

    /// Checks an entry of `trusted`.
    func check(_ trusted: Trusted, in root: KeyedNode) {
        guard case .mapping(let entries)? = root["trusted"]?.content,
            let entry = entries.first(where: { $0.key == trusted.name })
        else { return }
        let name = "\"trusted\" \(Printable.quoted(trusted.name))"
        checkInterfaces(trusted.entry.interfaces, in: entry.value)
        check(trusted.reviewed, at: entry.value.value(of: "reviewed"))
        if trusted.entry.why == nil { log.warning("\(name) has no \"why\"", at: entry.place) }
        if let now, trusted.entry.isExpired(at: now) { log.warning("\(name) has expired", at: entry.place) }
        if trusted.entry.addresses.isEmpty, trusted.entry.sources.names.isEmpty {
            log.warning("\(name) lets nothing in: its sources are empty", at: entry.place)
        }
    }
}

extension PlacedService {
    /// The entries of `allow` in the file.
    fileprivate var nodes: [YamlNode] { entry.value.value(of: "allow")?.items ?? [] }
}
