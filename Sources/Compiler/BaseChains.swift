internal import Addressing
internal import Policies
internal import Rulesets

extension TableBuilder {
    /// Just before priority `filter` (0), so that a port is closed whatever the filter chains of other tables accept.
    private static let publishedPriority: Int32 = -1

    /// Adds the chains of every policy: the base chains, the chains for ICMP and the chain that refuses packets.
    mutating func addBaseChains() {
        let denied = deniedSources()
        let base = BaseChain(type: "filter", hook: .input, priority: 0, policy: .drop)
        let dispatch = Dispatch(policy.ownServices)
        let trusted = policy.trusted.flatMap { add($0) }
        let forwarded = policy.forwards.isEmpty ? [] : [Rule.forwarded]
        let rules =
            entryRules(denied) + trusted + forwarded + [dispatch.protocols] + dispatch.rules
            + [.refuse(speaking: policy.defaults.families)]
        chains.append(Chain(name: Names.input, base: base, rules: rules))
        for addresses in dispatch.switches { append(addresses.chain, at: addresses.location) }
        chains += [.linkIGMP, .linkICMPv6]
        addICMPChains()
        chains += [Chain.refuse(policy.defaults), Chain.dhcpv6(otherwise: dispatch.chain(for: .udp, port: dhcpv6Port))]
        if policy.labels { addDialledChains() }
        if policy.decidesOnRedirected { addPublishedChains(denied, trusted, Dispatch(policy.redirectable)) }
        if policy.defaults.routed == .refuse { addRoutedChain() }
    }

    /// The rules before those of `trusted` and the services.
    ///
    /// Without the messages of the link no address on it can be resolved, so they come before `deny`; `deny` comes before
    /// conntrack: it also cuts established connections. Most packets are established, so their rule comes first where none of
    /// the others could refuse them.
    private func entryRules(_ denied: [Rule]) -> [Rule] {
        let decided = denied + echoRules
        guard decided.isEmpty else {
            return Rule.link + [.loopback] + decided + [.established, .invalid]
        }
        return [.established] + Rule.link + [.loopback, .invalid]
    }

    /// Just before `dstnat` (-100), where all tables translate destinations: a label keeps what is true of the address that
    /// the client dialled.
    private static let dialledPriority: Int32 = -101

    /// Adds the chains that label new connections by the address that the client dialled.
    ///
    /// A new label leaves the connection's other labels alone, which belong to other programs.
    private mutating func addDialledChains() {
        let base = BaseChain(type: "filter", hook: .prerouting, priority: Self.dialledPriority, policy: .accept)
        let entry = Rule(Match.isNew + [.verdict(.goto(Names.destinations))])
        chains.append(Chain(name: Names.dialled, base: base, rules: [entry]))
        var rules: [Rule] = []
        if policy.decidesOnRedirected {
            let own = Match.set(Label.ownAddress) + [.verdict(.accept)]
            rules = Match.ownDestinations.map { Rule($0 + own) }
        }
        if policy.defaults.routed == .refuse { rules.append(Rule(Match.leavesElsewhere + Match.set(Label.passing))) }
        chains.append(Chain(name: Names.destinations, rules: rules))
    }

    /// Adds the chain that refuses what passes through this host to one of its bridges, without a redirection.
    private mutating func addRoutedChain() {
        let base = BaseChain(type: "filter", hook: .forward, priority: Self.publishedPriority, policy: .accept)
        let entry = Rule(
            Match.isNew + Match.isNotRedirected + Match.has(Label.passing) + Match.leavesByBridge
                + [.counter, .verdict(.goto(Names.refuse))])
        chains.append(Chain(name: Names.routed, base: base, rules: [entry]))
    }

    /// The rules that decide on echo requests before conntrack and `trusted`, where these would not let `ping` decide.
    ///
    /// Conntrack counts all but the first request of a ping as established, so that a rate would bound nothing.
    private var echoRules: [Rule] {
        switch policy.defaults.ping {
        case .accept where policy.defaults.pingSources == nil: []
        case .accept, .drop: policy.trusted.isEmpty ? [] : Rule.echoRequests
        case .limited: Rule.echoRequests
        }
    }

    /// Adds the chains for redirected connections, which take the dialled port from conntrack: it was replaced in the packet.
    private mutating func addPublishedChains(_ denied: [Rule], _ trusted: [Rule], _ dispatch: Dispatch) {
        let base = BaseChain(type: "filter", hook: .forward, priority: Self.publishedPriority, policy: .accept)
        let subject =
            policy.defaults.published == .enforce
            ? Match.isRedirected + Match.has(Label.ownAddress) : Match.has(Label.forwarded)
        let entry = Rule(subject + Match.isOriginalDirection + [.verdict(.goto(Names.redirected))])
        chains.append(Chain(name: Names.published, base: base, rules: [entry]))
        // A redirection without a port also redirects ICMP, which has no port that could be closed.
        let rules =
            denied + [Rule.conntrackState] + trusted + dispatch.publishedRules
            + [dispatch.publishedProtocols, Rule.refuse]
        chains.append(Chain(name: Names.redirected, rules: rules))
        for addresses in dispatch.switches { append(addresses.redirectedChain, at: addresses.location) }
    }

    /// Adds the chains for ICMP, and those of limits that several sources of echo requests share.
    private mutating func addICMPChains() {
        let ping = policy.defaults.ping
        var sources = [[Match.family(.ipv4)], [Match.family(.ipv6)]]
        if let list = policy.defaults.pingSources {
            sources = [AddressSet(ipv4: list.addresses.ipv4), AddressSet(ipv6: list.addresses.ipv6)].map {
                sourceSets.matches($0, name: Names.pings, location: list.location)
            }
        }
        chains += [Chain.icmpv4(ping, from: sources[0]), Chain.icmpv6(ping, from: sources[1])]
        guard case .limited(let rate) = ping else { return }
        for (family, matches) in zip(AddressFamily.allCases, sources) where matches.count > 1 {
            chains.append(.pingLimit(rate, family))
        }
    }

    mutating func append(_ chain: Chain, at location: SourceLocation) {
        chains.append(chain)
        origins.chains[chain.name] = location
    }

    private mutating func deniedSources() -> [Rule] {
        guard let deny = policy.deny else { return [] }
        let matches = sourceSets.matches(
            deny.addresses, name: Names.denied, location: deny.location, sharesGroups: false)
        guard let rate = policy.defaults.log else { return matches.map { Rule($0 + [.counter, .verdict(.drop)]) } }
        let chain = Chain(
            name: Names.deniedSources, rules: Rule.dropping(loggedBy: policy.defaults.log(.denied), upTo: rate))
        append(chain, at: deny.location)
        return matches.map { Rule($0 + [.verdict(.goto(Names.deniedSources))]) }
    }
}

/// The labels of connections, `ct label`.
public enum Label {
    /// It was dialled at an address of this host.
    public static let ownAddress = 127
    /// It leaves by another interface than the one that it came by.
    static let passing = 126
    /// A forward of this policy has translated its destination.
    public static let forwarded = 125
    /// Its client is in the network of its target.
    static let hairpin = 124
}

extension Policy {
    /// Whether the policy decides on connections whose destination was translated.
    fileprivate var decidesOnRedirected: Bool { defaults.published == .enforce || !forwards.isEmpty }

    /// Whether connections need labels before their destinations are translated.
    fileprivate var labels: Bool { decidesOnRedirected || defaults.routed == .refuse }
}

extension Rule {
    /// Accepts packets of established and related connections.
    static let established = Rule(
        Match.state(ConntrackState.established | ConntrackState.related) + [.verdict(.accept)])

    /// Drops packets that belong to no connection and cannot open one.
    static let invalid = Rule(Match.state(ConntrackState.invalid) + [.verdict(.drop)])

    /// Accepts packets of established and related connections, and drops invalid ones.
    static let conntrackState = Rule([
        .conntrack(ConntrackLoad(.state)),
        .lookup(
            Lookup(
                .anonymous(
                    .verdicts(
                        .conntrackState,
                        [
                            (ConntrackState.established.hostOrderBytes, .accept),
                            (ConntrackState.related.hostOrderBytes, .accept),
                            (ConntrackState.invalid.hostOrderBytes, .drop),
                        ])),
                destination: .verdict)),
    ])

    /// Accepts packets of this host to itself.
    static let loopback = Rule(Match.isFromThisHost + [.verdict(.accept)])

    /// Connections to a forward that leads to this host are decided by the port that was dialled.
    static let forwarded = Rule(Match.has(Label.forwarded) + [.verdict(.goto(Names.redirected))])

    /// Echo requests go to the ICMP chain of their family.
    static let echoRequests = [
        Rule(Match.icmp(type: Match.icmpEcho) + [.verdict(.goto(Names.icmpv4))]),
        Rule(Match.icmpv6(type: Match.icmpv6Echo) + [.verdict(.goto(Names.icmpv6))]),
    ]

    /// Messages of the link go to the chains that accept what the link needs.
    static let link = [
        Rule(Match.transport(Match.igmpProtocol) + [.verdict(.jump(Names.linkIGMP))]),
        Rule(Match.transport(Match.icmpv6Protocol) + [.verdict(.jump(Names.linkICMPv6))]),
    ]

    /// Packets of these protocols get these verdicts.
    static func protocols(_ elements: [([UInt8], Verdict)]) -> Rule {
        Rule([
            .meta(.transportProtocol, into: .first),
            .lookup(Lookup(.anonymous(.verdicts(.transportProtocol, elements)), destination: .verdict)),
        ])
    }

    /// Refuses the packets that no rule before it accepted.
    static let refuse = Rule([.verdict(.goto(Names.refuse))])

    /// The same at the end of the first chain: its comment says which family alone the host speaks, since the grants of the
    /// other end with the policy that they were made under.
    static func refuse(speaking families: Set<AddressFamily>) -> Rule {
        guard families.count == 1, let only = families.first else { return refuse }
        return Rule(refuse.expressions, comment: "speaks \(only) alone")
    }

    /// Refuses the packets that no entry of `allow` accepted; grants stand before it.
    static let refuseRest = Rule([.verdict(.goto(Names.refuse))], comment: "no entry matches")
}
