internal import Addressing

/// A line of `outbound` and its entry in the policy.
struct PlacedLine {
    /// The line.
    let line: OutboundLine
    /// The entry under `outbound`.
    let entry: YamlEntry
}

/// Decodes `outbound`: connections that this host may begin.
struct OutboundDecoder {
    /// The decoder of the services of the same policy.
    let services: ServiceDecoder
    /// The number of a user of this host; `nil` if there is none.
    let number: (_ user: String) -> UInt32?
    /// Whether a user that this host does not have is an error, not a warning.
    let requiresUsers: Bool

    private var groups: SourceGroups { services.groups }
    private var log: DiagnosticLog { services.log }

    /// The lines in all files, in the order of the files.
    func lines(_ documents: [PolicyDocument]) -> [PlacedLine] {
        PolicySection(key: "outbound", noun: "outbound").entries(in: documents, log).compactMap { entry in
            line(entry).map { PlacedLine(line: $0, entry: entry) }
        }
    }

    private func line(_ entry: YamlEntry) -> OutboundLine? {
        guard ServiceName.isValid(entry, "a name for \"outbound\"", log) else { return nil }
        let name = "outbound \(Printable.quoted(entry.key))"
        guard let keyed = KeyedNode(entry.value, as: name, keys: OutboundLine.keys, log) else { return nil }
        reportMissing(keyed, name, at: entry.place)
        let ports =
            (keyed["ports"].map { services.ports.decode($0, as: "ports") } ?? [])
            + (keyed["protocols"].map { services.protocols.decode($0, as: "protocols") } ?? [])
        let none = SourceList(location: entry.place.location, entries: [], addresses: AddressSet())
        var line = OutboundLine(
            name: entry.key, location: entry.place.location, ports: ports.map(\.port),
            to: keyed["to"].flatMap(groups.outboundDestinations) ?? none,
            except: keyed["except"].flatMap { groups.list($0, as: "except") })
        decodeConditions(keyed, &line)
        line.client = ListenerExpectation(decoding: keyed, log, decodesUser: false)
        line.why = keyed["why"].flatMap { $0.line(as: "why", log) }
        line.owner = keyed["owner"].flatMap { $0.line(as: "owner", log) }
        line.ticket = keyed["ticket"].flatMap { $0.line(as: "ticket", log) }
        line.reviewed = keyed["reviewed"].flatMap { Review(decoding: $0, log) }
        return line
    }

    private func decodeConditions(_ keyed: KeyedNode, _ line: inout OutboundLine) {
        if let node = keyed["interfaces"] {
            line.interfaces = node.texts(as: "interfaces", log).compactMap { text, place in
                InterfacePattern(decoding: text, at: place, log)
            }
        }
        if let node = keyed["user"] {
            line.users = node.texts(as: "user", log).map { user($0.text, at: $0.place, reports: true) }
        }
        line.limit = keyed["limit"].flatMap(limit)
        line.log = keyed["log"].flatMap { $0.flag(as: "log", log) } ?? false
        line.expires = keyed["expires"].flatMap { Expiry(decoding: $0, without: "if the line is to stay open", log) }
    }

    /// A limit of all connections together: every connection has this host as its source.
    private func limit(_ node: YamlNode) -> ConnectionLimit? {
        guard var limit = ConnectionLimit(decoding: node, log) else { return nil }
        if let node = node.value(of: "per"), !limit.isShared {
            log.error("a limit of \"outbound\" counts all connections together; omit \"per\"", at: node.place)
        }
        limit.isShared = true
        return limit
    }

    /// A user by name or by number.
    private func user(_ text: String, at place: SourceSpan, reports: Bool) -> OutboundUser {
        if DecimalNumber.isDigits(text) {
            // The last number means "no user" (chown(2)), and no socket has it.
            let number = DecimalNumber.parse(text, maximum: Int(UInt32.max) - 1).flatMap { UInt32(exactly: $0) }
            if number == nil || number == .max {
                log.error("\(Printable.quoted(text)) is not the number of a user", at: place)
            }
            return OutboundUser(written: text, number: number)
        }
        let user = OutboundUser(written: text, number: number(text))
        if user.number == nil, reports {
            let message = "unknown user \(Printable.quoted(text))"
            if requiresUsers {
                log.error("\(message): the kernel knows users by number", at: place)
            } else {
                log.warning("\(message) on this host: the line lets out nothing of this user", at: place)
            }
        }
        return user
    }

    private func reportMissing(_ keyed: KeyedNode, _ name: String, at place: SourceSpan) {
        if keyed.lacks("ports"), keyed.lacks("protocols") { log.error("\(name) lacks \"ports\"", at: place) }
        if keyed.lacks("to") { log.error("\(name) lacks \"to\"", at: place) }
        for key in services.required where OutboundLine.keys.contains(key) && keyed.lacks(key) {
            guard !["ports", "protocols"].contains(key) else { continue }
            log.error("\(name) lacks \"\(key)\", which \"defaults.require\" demands", at: place)
        }
    }
}

extension OutboundDecoder {
    /// The keys of an entry of `tests` with `out`.
    private static let testKeys = ["out", "to", "except", "protocol", "user", "interface", "expect"]

    /// The assertion in an entry of `tests` with `out`; `nil` after an error.
    func assertion(_ node: YamlNode) -> OutboundAssertion? {
        guard let keyed = KeyedNode(node, as: "a test with \"out\"", keys: Self.testKeys, log) else { return nil }
        for key in ["to", "expect"] where keyed.lacks(key) { log.error("a test lacks \"\(key)\"", at: node.place) }
        let destinations = keyed["to"].flatMap { groups.list($0, as: "to", allowsNames: true) }
        let except = keyed["except"].flatMap { groups.list($0, as: "except") }
        let ports =
            (keyed["out"].map { services.ports.decode($0, as: "out") } ?? [])
            + (keyed["protocol"].map { services.protocols.decode($0, as: "protocol") } ?? [])
        let expect = keyed["expect"].flatMap { $0.word(as: "expect", of: Expectation.self, log) }
        guard let destinations, !ports.isEmpty, let expect else { return nil }
        if let except, let node = keyed["except"], !destinations.addresses.isEmpty, destinations.names.isEmpty,
            except.addresses.isSuperset(of: destinations.addresses)
        {
            log.error("\"except\" covers all of \"to\", so the test checks nothing", at: node.place)
        }
        var assertion = OutboundAssertion(
            location: node.place.location, ports: ports.map(\.port), destinations: destinations, except: except,
            expect: expect)
        assertion.interface = keyed["interface"].flatMap(services.interface)
        if let node = keyed["user"], let text = node.text(as: "user", log) {
            assertion.user = user(text, at: node.place, reports: false)
        }
        return assertion
    }
}

extension OutboundLine {
    /// The keys that a line may have.
    static let keys = [
        "ports", "protocols", "to", "except", "interfaces", "user", "limit", "log", "expires", "process", "unit",
        "optional", "why", "owner", "ticket", "reviewed",
    ]
}
