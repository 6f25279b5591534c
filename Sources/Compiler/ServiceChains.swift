internal import Addressing
internal import Policies
internal import Rulesets

extension TableBuilder {
    /// The most sources that are limited at a time: a new source is not limited while the set is full, so that a flood of
    /// sources cannot close the service.
    private static let limiterSize: UInt32 = 65535

    /// Adds the chains of a service, which check expiry, interfaces and sources in this order, then limit and log.
    mutating func add(_ service: Service) {
        for entry in service.entries { add(entry, of: service) }
    }

    private mutating func add(_ entry: AllowEntry, of service: Service) {
        var rules: [Rule] = []
        if let expires = entry.expires {
            rules.append(Rule(Match.isAtOrAfter(expires.end) + [.verdict(.goto(Names.refuse))]))
        }
        if entry.interfaces.isEmpty {
            rules += sourceRules(entry, service.name)
        } else {
            let sources = Names.sources(service.name)
            rules += entry.interfaces.map { Rule(Match.interface($0) + [.verdict(.goto(sources))]) }
            append(Chain(name: sources, rules: sourceRules(entry, service.name) + [Rule.refuse]), for: entry)
        }
        append(Chain(name: Names.service(service.name), rules: rules + [Rule.refuse]), for: entry)
    }

    private mutating func append(_ chain: Chain, for entry: AllowEntry) {
        chains.append(chain)
        origins.chains[chain.name] = entry.location
    }

    /// Rules that accept the sources, or send them to the chain that limits and logs.
    private mutating func sourceRules(_ entry: AllowEntry, _ name: String) -> [Rule] {
        if entry.limit == nil && !entry.log { return acceptance(entry, name) }
        let matches = matches(entry, name)
        addAdmission(entry, name)
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

    private mutating func addAdmission(_ entry: AllowEntry, _ name: String) {
        let families = entry.families
        var rules: [Rule] = []
        if let limit = entry.limit {
            rules += families.map { family in
                let set = Names.limiter(name, family)
                limiterSets.append(
                    NamedSet(
                        name: set,
                        definition: .limiter(family, size: Self.limiterSize, timeout: limit.memory),
                        elements: .list([])))
                return Rule(
                    Match.family(family) + [Match.sourceLoad(family), limit.excess(in: set)] + [
                        .counter, .verdict(.drop),
                    ])
            }
        }
        if entry.log { rules.append(Rule([.log(LogStatement(prefix: "portreeve \(name): "))])) }
        let comment = RuleComment.text(of: entry)
        rules += families.map { Rule(Match.family($0) + [.counter, .verdict(.accept)], comment: comment) }
        append(Chain(name: Names.admit(name), rules: rules), for: entry)
    }
}

extension AllowEntry {
    /// The families of the entry's sources; both if it has no sources, since a grant may add one.
    fileprivate var families: [AddressFamily] {
        let families: [AddressFamily] =
            (addresses.ipv4.isEmpty ? [] : [.ipv4]) + (addresses.ipv6.isEmpty ? [] : [.ipv6])
        return families.isEmpty ? AddressFamily.allCases : families
    }
}

extension ConnectionLimit {
    /// The timeout of a source in milliseconds: its allowance is complete again after that.
    fileprivate var memory: UInt64 {
        let refill = (UInt64(burst) * rate.unit.seconds * 1000).dividedRoundingUp(by: UInt64(rate.count))
        return max(refill.dividedRoundingUp(by: 1000), 1) * 1000
    }

    /// A match on sources that exceed the limit.
    fileprivate func excess(in set: String) -> Expression {
        let limit = RateLimit(rate: UInt64(rate.count), unit: rate.unit.seconds, burst: burst, isOver: true)
        return .dynamicSet(DynamicSet(.update, set: set, expressions: [.limit(limit)]))
    }
}

extension UInt64 {
    fileprivate func dividedRoundingUp(by divisor: UInt64) -> UInt64 { (self + divisor - 1) / divisor }
}
