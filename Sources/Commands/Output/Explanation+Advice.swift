internal import Addressing
internal import Auditing
internal import Listeners
internal import Policies
internal import Reachability
internal import Rulesets

/// What would let the source in.
extension Explanation {
    /// The smallest change that would allow the connection; `nil` if it is allowed or the change is not known.
    var nearestChange: String? {
        guard verdict == .refuse else { return nil }
        let source = question.addresses.text
        if isBanned { return unbanning }
        if let rule = isForeign ? conclusion.decision : redirection {
            let change = "change the rule of table \(rule.table)"
            return ownRefusal?.nearestChange.map { "\($0), and \(change)" } ?? change
        }
        if isDenied {
            return "remove \(source) from \"deny\"\((listPlace ?? policy.deny?.location)?.text ?? "")"
        }
        if isLeftOut { return "add \(question.source.family) to \"defaults.families\"" }
        if let address = question.dialled, service == nil, let elsewhere {
            return
                "add \(address) to \"addresses\" of \(elsewhere.kind) \"\(elsewhere.name)\"\(elsewhere.location.text)"
        }
        if question.isEchoRequest { return deviation == nil ? pingAdmission(of: source) : Self.applying }
        guard let service else {
            let name = question.transport.name
            let what = question.transport.hasPorts ? "ports: \(question.port)/\(name)" : "protocols: \(name)"
            return "add a line to \"services\": \"NAME: {\(what), from: \(sourceScalar), why: TEXT}\""
        }
        if lacksTarget {
            let place = service.forwarding?.location.text ?? ""
            return "add an \(question.source.family.name) target to \"to\" of forward \"\(service.name)\"\(place)"
        }
        if isExpired {
            return "set a later \"expires\" for \(service.kind) \"\(service.name)\"\(service.location.text)"
        }
        if isOutsideSources { return admission(of: source, to: service) }
        if service.listsEntries, decidingEntry == nil {
            return "add an entry to \"allow\" of \(service.kind) \"\(service.name)\"\(service.location.text)"
        }
        if let deviation, deviation != .admitted { return Self.applying }
        if !interfaces.isEmpty {
            let name = question.interface ?? question.returnInterface ?? "the interface"
            return "add \(name) to \"interfaces\" of \(service.kind) \"\(service.name)\"\(service.location.text)"
        }
        if let destinations = service.destinations, question.destination == nil {
            return
                "dial \(destinations.entries.joined(separator: ", ")), or add an address of this host to \"addresses\""
                + " of \(service.kind) \"\(service.name)\"\(service.location.text)"
        }
        return isLive ? Self.applying : nil
    }

    /// The source in a flow mapping of YAML, where a colon needs quotes.
    private var sourceScalar: String {
        let text = question.addresses.text
        return text.contains(":") ? "'\(text)'" : text
    }

    /// The service that has the same port of another protocol, which may be the one that was meant; `nil` for none.
    private var namesake: String? {
        guard service == nil, question.transport.hasPorts else { return nil }
        for service in policy.services {
            for port in service.ports where port.transport.hasPorts && port.range.contains(question.port) {
                let asked = port.transport.text(question.port...question.port)
                return "\(service.kind) \"\(service.name)\" has \(asked)"
            }
        }
        return nil
    }

    /// The change of `ping` that would let the source in.
    private func pingAdmission(of source: String) -> String {
        guard policy.defaults.ping != .drop, let sources = policy.defaults.pingSources else {
            return "write \"ping: accept\", or a rate, under \"defaults\""
        }
        return "add \(source) to \"from\" of \"ping\"\(sources.location.text)"
    }

    /// What else stands in the way of the nearest change: the policy's own tests, a listener on loopback, and errors of the file;
    /// and the service that may have been meant.
    func caveats(given edit: Edit?) -> [String] {
        guard verdict == .refuse, !isBanned, !isForeign, deviation == nil, conclusion.redirection == nil else {
            return []
        }
        let tests = policy.assertions.filter { $0.expect == .deny && covers($0) }.map { test in
            "the test\(test.location.text) expects \"deny\" and must also change"
        }
        let isOnLoopback = listeners?.isEmpty == false && listeners?.allSatisfy(\.isLoopbackOnly) == true
        let rebinding = isOnLoopback ? ["the listener must also be bound to another address"] : []
        return Array(tests.prefix(1)) + rebinding + (edit?.caveats ?? []) + [namesake].compactMap(\.self)
    }

    /// Whether a test is about this connection.
    private func covers(_ test: Assertion) -> Bool {
        let sources = test.from.addresses.subtracting(test.except?.addresses ?? AddressSet())
        return sources.isSuperset(of: question.addresses)
            && test.ports.contains { $0.transport == question.transport && $0.range.contains(question.port) }
    }

    private static let applying = "run \"portreeve apply\""

    /// The same where the file was edited since: applying it would load the edit.
    func nearestChange(given edit: Edit?) -> String? {
        if verdict == .refuse, edit?.after?.verdict == .accept { return "\(Self.applying): the edited file lets it in" }
        guard nearestChange == Self.applying, let edit, edit.after?.verdict != .accept else { return nearestChange }
        if let other = edit.absence?.other { return "run \"portreeve apply \(other)\"" }
        return "\(edit.repair), then \(Self.applying)"
    }

    /// The commands that end the bans, and whether the source gets in afterwards.
    private var unbanning: String {
        let commands = bans.map { "\"portreeve unban \($0)\"" }
        let run = "run \(commands.isEmpty ? "\"portreeve unban\"" : commands.joined(separator: " and "))"
        return verdictWithoutBans == .refuse ? "\(run), and then change the policy, which also refuses it" : run
    }

    /// The change to the sources of a service that would let the source in.
    private func admission(of source: String, to service: Service) -> String {
        let name = "\(service.kind) \"\(service.name)\""
        if let exemption {
            return "remove \(source) from \"except\" of \(name)\((listPlace ?? exemption.location).text)"
        }
        let sources = service.entries.first?.sources
        let place = sources?.location.text ?? ""
        guard sources?.entries != [SourceList.nobody] else {
            return "write \(source) instead of \"\(SourceList.nobody)\" in \"from\" of \(name)\(place)"
        }
        return "add \(source) to \"from\" of \(name)\(place)"
    }
}
