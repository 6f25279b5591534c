internal import Addressing
internal import Policies
internal import Rulesets

extension TableBuilder {
    /// Adds the chains of a service.
    mutating func add(_ service: Service) {
        guard service.listsEntries else {
            for entry in service.entries { addOnly(entry, of: service) }
            return
        }
        var names = EntryNames(of: service)
        let rules = service.entries.flatMap { add($0, named: names.next($0), of: service.name) }
        let chain = Chain(name: Names.service(service.name), rules: rules + [Rule.refuseRest])
        chains.append(chain)
        origins.chains[chain.name] = service.location
    }

    /// Adds the chains of the short form, which check expiry, interfaces and sources in this order, then limit and log.
    private mutating func addOnly(_ entry: AllowEntry, of service: Service) {
        var rules: [Rule] = []
        if let expires = entry.expires {
            rules.append(Rule(Match.isAtOrAfter(expires.end) + [.verdict(.goto(Names.refuse))]))
        }
        if entry.interfaces.isEmpty {
            rules += sourceRules(entry, service.name, service.name)
        } else {
            let sources = Names.sources(service.name)
            rules += entry.interfaces.map { Rule(Match.interface($0) + [.verdict(.goto(sources))]) }
            append(
                Chain(name: sources, rules: sourceRules(entry, service.name, service.name) + [Rule.refuse]), for: entry)
        }
        append(Chain(name: Names.service(service.name), rules: rules + [Rule.refuse]), for: entry)
    }

    /// The rules of an entry of `allow`; a packet that does not match returns from them, so that the next entry is tried.
    private mutating func add(_ entry: AllowEntry, named name: String, of service: String) -> [Rule] {
        let sources = sourceRules(entry, name, service)
        let conditions = entry.conditions
        guard conditions != [[]] else { return sources }
        append(Chain(name: Names.entry(name), rules: sources), for: entry)
        return conditions.map { Rule($0 + [.verdict(.jump(Names.entry(name)))]) }
    }

    /// Adds the chain of an entry of `trusted`, and returns the rules that lead to it.
    mutating func add(_ trusted: Trusted) -> [Rule] {
        let entry = trusted.entry
        let name = Names.trusted(trusted.name)
        let log = entry.log ? [policy.defaults.log(.accepted(service: trusted.name))] : []
        let comment = RuleComment.text(of: entry)
        let rules = sourceSets.matches(entry.addresses, name: name, location: entry.sources.location).map {
            Rule($0 + log + [.counter, .verdict(.accept)], comment: comment)
        }
        append(Chain(name: name, rules: rules), for: entry)
        return entry.conditions.map { Rule($0 + [.verdict(.jump(name))]) }
    }

    private mutating func append(_ chain: Chain, for entry: AllowEntry) {
        chains.append(chain)
        origins.chains[chain.name] = entry.location
    }

    /// Rules that accept the sources, or send them to the chain that limits and logs.
    ///
    /// - Parameters:
    ///   - entry: the entry.
    ///   - name: its name in the kernel; that of the service in the short form.
    ///   - service: the name of the service.
    /// - Returns: the rules.
    private mutating func sourceRules(_ entry: AllowEntry, _ name: String, _ service: String) -> [Rule] {
        if entry.limit == nil && entry.connections == nil && !entry.log { return acceptance(entry, name) }
        let matches = matches(entry, name)
        addAdmission(entry, name, service)
        return matches.map { Rule($0 + [.verdict(.goto(Names.admit(name)))]) }
    }

    /// Rules that accept the sources; entries with the same sources share their expressions.
    private mutating func acceptance(_ entry: AllowEntry, _ name: String) -> [Rule] {
        let known =
            acceptances[entry.addresses] ?? matches(entry, name).map { $0 + [.counter, .verdict(.accept)] }
        acceptances[entry.addresses] = known
        let userdata = RuleComment.text(of: entry).map(Userdata.comment) ?? []
        return known.map { Rule($0, userdata: userdata) }
    }

    private mutating func matches(_ entry: AllowEntry, _ name: String) -> [[Expression]] {
        sourceSets.matches(entry.addresses, name: Names.service(name), location: entry.sources.location)
    }

    private mutating func addAdmission(_ entry: AllowEntry, _ name: String, _ service: String) {
        let families = entry.families
        let comment = RuleComment.text(of: entry)
        var rules: [Rule] = []
        if entry.limit != nil || entry.connections != nil {
            // A flow without replies stays new in conntrack: its later packets are no new connections.
            rules.append(Rule(Match.isConfirmed + [.counter, .verdict(.accept)], comment: comment))
        }
        let excess = excess(of: entry, name, service)
        if let limit = entry.limit, limit.isShared {
            rules.append(Rule([.limit(limit.excess)] + excess.counted))
        } else if let limit = entry.limit {
            rules += bounds(families.map { SourceBound(name, $0, limit.excess, excess: excess) })
        }
        if let connections = entry.connections {
            let count = ConnectionCount(connections, isOver: true)
            rules += bounds(families.map { SourceBound(name, $0, count, excess: excess) })
        }
        if entry.log { rules.append(Rule([policy.defaults.log(.accepted(service: service))])) }
        rules += families.map { Rule(Match.family($0) + [.counter, .verdict(.accept)], comment: comment) }
        append(Chain(name: Names.admit(name), rules: rules), for: entry)
    }
}

extension TableBuilder {
    /// The rate of the log of connections beyond a limit, where `defaults.log` gives none.
    private static let usualLog = Rate(count: 5, unit: .minute)

    /// What connections beyond the limits of an entry get: they are dropped, and logged if those within them are.
    private mutating func excess(of entry: AllowEntry, _ name: String, _ service: String) -> Verdict {
        guard entry.log, entry.limit != nil || entry.connections != nil else { return .drop }
        let rules = Rule.dropping(
            loggedBy: policy.defaults.log(.limited(service: service)), upTo: policy.defaults.log ?? Self.usualLog)
        append(Chain(name: Names.limited(name), rules: rules), for: entry)
        return .goto(Names.limited(name))
    }

    /// Adds the sets of bounds, and returns their rules.
    private mutating func bounds(_ bounds: [SourceBound]) -> [Rule] {
        limiterSets += bounds.map(\.set)
        return bounds.map(\.own) + bounds.map(\.shared)
    }
}

extension AllowEntry {
    /// Alternative matches on interfaces and expiry; an empty one if the entry has neither.
    fileprivate var conditions: [[Expression]] {
        let time = expires.map { Match.isBefore($0.end) } ?? []
        return interfaces.isEmpty ? [time] : interfaces.map { Match.interface($0) + time }
    }

    /// The families of the entry's sources; both if it has no sources, since a grant may add one.
    fileprivate var families: [AddressFamily] {
        let families: [AddressFamily] =
            (addresses.ipv4.isEmpty ? [] : [.ipv4]) + (addresses.ipv6.isEmpty ? [] : [.ipv6])
        return families.isEmpty ? AddressFamily.allCases : families
    }
}

extension ConnectionLimit {
    /// The match on connections above the limit.
    var excess: RateLimit {
        RateLimit(rate: UInt64(rate.count), unit: rate.unit.seconds, burst: burst, isOver: true)
    }
}
