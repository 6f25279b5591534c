internal import Addressing
internal import Policies
internal import Rulesets

extension TableBuilder {
    /// Just before the chains that others filter forwarded packets with, so that a port is closed whatever they accept.
    private static let publishedPriority: Int32 = -1

    /// Adds what every policy has: the ways in, the chains of ICMP, and the chain that refuses.
    mutating func addBaseChains() {
        // Deny stands before conntrack: it ends what is established, too.
        let denied = deniedSources()
        let base = BaseChain(type: "filter", hook: .input, priority: 0, policy: .drop)
        let dispatch = Dispatch(policy.services)
        let entry = denied + echoRules + [Rule.conntrackState, Rule.loopback, Rule.icmp]
        let rules = entry + dispatch.rules + [Rule.refuse]
        chains.append(Chain(name: Names.input, base: base, rules: rules))
        chains += [Chain.icmpv4(policy.defaults.ping), Chain.icmpv6(policy.defaults.ping)]
        chains += [Chain.refuse(policy.defaults), Chain.dhcpv6(otherwise: dispatch.chain(for: .udp, port: dhcpv6Port))]
        if policy.defaults.published == .enforce { addPublishedChains(denied, dispatch) }
    }

    /// A rate is for every echo request: to conntrack, all of a ping but the first are established.
    private var echoRules: [Rule] {
        guard case .limited = policy.defaults.ping else { return [] }
        return Rule.echoRequests
    }

    /// Redirected connections: the client's port was replaced before routing, so conntrack is asked for it.
    private mutating func addPublishedChains(_ denied: [Rule], _ dispatch: Dispatch) {
        let base = BaseChain(type: "filter", hook: .forward, priority: Self.publishedPriority, policy: .accept)
        let entry = Rule(Match.isRedirected + Match.isOriginalDirection + [.verdict(.goto(Names.redirected))])
        chains.append(Chain(name: Names.published, base: base, rules: [entry]))
        // A redirect that names no port takes ICMP along; ICMP has no port to be closed.
        let rules = denied + [Rule.conntrackState] + dispatch.publishedRules + [Rule.icmpAlone, Rule.refuse]
        chains.append(Chain(name: Names.redirected, rules: rules))
    }

    private mutating func deniedSources() -> [Rule] {
        guard let deny = policy.deny else { return [] }
        let matches = sourceSets.matches(
            deny.addresses, name: Names.denied, location: deny.location, sharesGroups: false)
        return matches.map { Rule($0 + [.counter, .verdict(.drop)]) }
    }
}

extension Rule {
    /// Replies and what belongs to them come in; what fits no connection does not.
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

    /// This host speaks to itself.
    static let loopback = Rule(Match.isFromThisHost + [.verdict(.accept)])

    /// Echo requests from elsewhere go to the chain of their family.
    static let echoRequests = [
        Rule(Match.isFromElsewhere + Match.icmp(type: Match.icmpEcho) + [.verdict(.goto(Names.icmpv4))]),
        Rule(Match.isFromElsewhere + Match.icmpv6(type: Match.icmpv6Echo) + [.verdict(.goto(Names.icmpv6))]),
    ]

    /// ICMP goes to the chain of its family.
    static let icmp = icmp(.goto(Names.icmpv4), .goto(Names.icmpv6))

    /// ICMP is left to the chains of others.
    static let icmpAlone = icmp(.accept, .accept)

    private static func icmp(_ ipv4: Verdict, _ ipv6: Verdict) -> Rule {
        let elements: [([UInt8], Verdict)] = [([Match.icmpProtocol], ipv4), ([Match.icmpv6Protocol], ipv6)]
        return Rule([
            .meta(.transportProtocol, into: .first),
            .lookup(Lookup(.anonymous(.verdicts(.transportProtocol, elements)), destination: .verdict)),
        ])
    }

    /// Nothing wanted the packet.
    static let refuse = Rule([.verdict(.goto(Names.refuse))])
}
