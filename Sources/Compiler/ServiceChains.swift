internal import Addressing
internal import Policies
internal import Rulesets

extension TableBuilder {
    /// The most sources that are limited at a time: a new source is not limited while the set is full, so that a flood of
    /// sources cannot close the service.
    private static let limiterSize: UInt32 = 65535

    /// Adds the chains of a service, which check expiry, interfaces and sources in this order, then limit and log.
    mutating func add(_ service: Service) {
        var rules: [Rule] = []
        if let expires = service.expires {
            rules.append(Rule(Match.isAtOrAfter(expires.end) + [.verdict(.goto(Names.refuse))]))
        }
        if service.interfaces.isEmpty {
            rules += sourceRules(service)
        } else {
            let sources = Names.sources(service.name)
            rules += service.interfaces.map { Rule(Match.interface($0) + [.verdict(.goto(sources))]) }
            append(Chain(name: sources, rules: sourceRules(service) + [Rule.refuse]), for: service)
        }
        append(Chain(name: Names.service(service.name), rules: rules + [Rule.refuse]), for: service)
    }

    private mutating func append(_ chain: Chain, for service: Service) {
        chains.append(chain)
        origins.chains[chain.name] = service.location
    }

    /// Rules that accept the sources, or send them to the chain that limits and logs.
    private mutating func sourceRules(_ service: Service) -> [Rule] {
        if service.limit == nil && !service.log { return acceptance(service) }
        let matches = matches(service)
        addAdmission(service)
        return matches.map { Rule($0 + [.verdict(.goto(Names.admit(service.name)))]) }
    }

    /// Rules that accept the sources; services with the same sources share their expressions.
    private mutating func acceptance(_ service: Service) -> [Rule] {
        let sources = service.sources.addresses
        let known = acceptances[sources] ?? matches(service).map { $0 + [.counter, .verdict(.accept)] }
        acceptances[sources] = known
        let userdata = RuleComment.text(of: service).map(Userdata.comment) ?? []
        return known.map { Rule($0, userdata: userdata) }
    }

    private mutating func matches(_ service: Service) -> [[Expression]] {
        sourceSets.matches(
            service.sources.addresses, name: Names.service(service.name), location: service.sources.location)
    }

    private mutating func addAdmission(_ service: Service) {
        let families = service.families
        var rules: [Rule] = []
        if let limit = service.limit {
            rules += families.map { family in
                let name = Names.limiter(service.name, family)
                limiterSets.append(
                    NamedSet(
                        name: name,
                        definition: .limiter(family, size: Self.limiterSize, timeout: limit.memory),
                        elements: .list([])))
                return Rule(
                    Match.family(family) + [Match.sourceLoad(family), limit.excess(in: name)] + [
                        .counter, .verdict(.drop),
                    ])
            }
        }
        if service.log { rules.append(Rule([.log(LogStatement(prefix: "portreeve \(service.name): "))])) }
        let comment = RuleComment.text(of: service)
        rules += families.map { Rule(Match.family($0) + [.counter, .verdict(.accept)], comment: comment) }
        append(Chain(name: Names.admit(service.name), rules: rules), for: service)
    }
}

extension Service {
    /// The families of the service's sources; both if it has no sources, since a grant may add one.
    fileprivate var families: [AddressFamily] {
        let families: [AddressFamily] =
            (sources.addresses.ipv4.isEmpty ? [] : [.ipv4]) + (sources.addresses.ipv6.isEmpty ? [] : [.ipv6])
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
