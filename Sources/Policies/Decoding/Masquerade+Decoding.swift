internal import Addressing

extension EntryDecoder {
    private static let masqueradeKeys = ["from", "except", "interfaces", "why", "owner", "ticket", "reviewed"]

    /// The entry of `masquerade`; `nil` after an error.
    func masquerade(_ entry: YamlEntry) -> Masquerade? {
        guard ServiceName.isValid(entry, "a name for \"masquerade\"", log) else { return nil }
        let name = "\"masquerade\" \(Printable.quoted(entry.key))"
        guard let keyed = KeyedNode(entry.value, as: name, keys: Self.masqueradeKeys, log) else { return nil }
        for key in ["from", "interfaces"] where keyed.lacks(key) {
            log.error("\(name) lacks \"\(key)\"", at: entry.place)
        }
        let conditions = self.entry(keyed, at: entry.place.location)
        guard keyed["from"] != nil, !conditions.interfaces.isEmpty else { return nil }
        var masquerade = Masquerade(
            name: entry.key, location: entry.place.location, sources: conditions.sources, except: conditions.except,
            interfaces: conditions.interfaces, why: conditions.why, owner: conditions.owner,
            ticket: conditions.ticket)
        masquerade.reviewed = keyed["reviewed"].flatMap { Review(decoding: $0, log) }
        return masquerade
    }
}
