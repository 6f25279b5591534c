internal import Addressing
internal import Policies
internal import Rulesets

extension TableBuilder {
    /// Adds the chains for the packets that this host sends; none if the policy lets all of them out.
    ///
    /// TCP is judged by the segment that opens a connection: a session that conntrack does not know yet goes on, also where
    /// this host sends first.
    mutating func addOutboundChains() {
        guard policy.defaults.outbound != .accept else { return }
        let dispatch = OutboundDispatch(policy.outbound)
        let base = BaseChain(type: "filter", hook: .output, priority: 0, policy: .accept)
        let rest = Rule([.verdict(.goto(Names.outboundRest(policy.defaults.outbound)))])
        let forwarded = policy.services.contains { $0.forwarding != nil } ? [Rule.leavesForwarded] : []
        let rules =
            Rule.outboundEntry + forwarded + deniedDestinations(rest) + dispatch.protocols + dispatch.rules + [rest]
        chains.append(Chain(name: Names.output, base: base, rules: rules))
        for line in policy.outbound { add(line) }
        for shared in dispatch.shared { append(shared.chain, at: shared.location) }
        chains += Chain.outboundMessages + [Chain.outboundRest(policy.defaults)]
        outboundMaps = dispatch.maps
    }

    /// The rules that refuse the destinations in `deny`, or only count and log them.
    private mutating func deniedDestinations(_ rest: Rule) -> [Rule] {
        guard let deny = policy.deny else { return [] }
        let matches = sourceSets.matches(
            deny.addresses, name: Names.denied, location: deny.location, sharesGroups: false, of: .destination)
        return matches.map { Rule($0 + rest.expressions) }
    }

    /// Adds the chains of a line; a packet that it does not let out returns from them, so that another line is tried.
    private mutating func add(_ line: OutboundLine) {
        let name = Names.line(line.name)
        let comment = RuleComment.text(line.why, line.owner, line.ticket)
        let admits = line.log || line.limit != nil
        let end: [Expression] =
            admits ? [.verdict(.jump(Names.lineAdmission(line.name)))] : [.counter, .verdict(.accept)]
        let destinations = sourceSets.matches(
            line.addresses, name: name, location: line.destinations.location, of: .destination)
        let rules = line.conditions.flatMap { condition in
            destinations.map { Rule(condition + $0 + end, comment: admits ? nil : comment) }
        }
        append(Chain(name: name, rules: rules), at: line.location)
        if admits { append(admission(of: line, comment), at: line.location) }
    }

    /// The chain that limits, logs and accepts the connections of a line.
    private func admission(of line: OutboundLine, _ comment: String?) -> Chain {
        // A flow without replies stays new in conntrack: its later packets are no new connections.
        var rules = [Rule(Match.isConfirmed + [.counter, .verdict(.accept)], comment: comment)]
        if let limit = line.limit { rules.append(Rule([.limit(limit.excess), .verdict(.return)])) }
        if line.log { rules.append(Rule([policy.defaults.log(.accepted(service: line.name))])) }
        rules.append(Rule([.counter, .verdict(.accept)], comment: comment))
        return Chain(name: Names.lineAdmission(line.name), rules: rules)
    }
}

extension OutboundLine {
    /// Alternative matches on expiry, interface and user; an empty one if the line has none of them, and none at all if this
    /// host has none of its users.
    fileprivate var conditions: [[Expression]] {
        let numbers = Set(users.compactMap(\.number)).sorted()
        guard users.isEmpty || !numbers.isEmpty else { return [] }
        let time = expires.map { Match.isBefore($0.end) } ?? []
        let user = numbers.isEmpty ? [] : Match.users(numbers)
        return interfaces.isEmpty ? [time + user] : interfaces.map { time + Match.outputInterface($0) + user }
    }
}

extension Rule {
    /// The rules before the lines of `outbound`: what a host sends for its connections, its links and its addresses.
    static let outboundEntry: [Rule] = [
        Rule(Match.leavesByLoopback + [.verdict(.accept)]), .outboundState,
        Rule(Match.opensNoConnection + [.verdict(.accept)]),
        .protocols([
            ([Match.icmpProtocol], .jump(Names.outboundICMPv4)), ([Match.igmpProtocol], .accept),
            ([Match.icmpv6Protocol], .jump(Names.outboundICMPv6)),
        ]),
        Rule(Match.sourcePort(DHCP.clientPort) + [.verdict(.jump(Names.outboundDHCPv4))]),
        Rule(Match.sourcePort(dhcpv6Port) + [.verdict(.jump(Names.outboundDHCPv6))]),
    ]

    /// Accepts what this host sends to a port of its own that a forward leads to another host.
    static let leavesForwarded = Rule(Match.has(Label.forwarded) + [.verdict(.accept)])

    /// Accepts packets of established and related connections.
    private static let outboundState = Rule([
        .conntrack(ConntrackLoad(.state)),
        .lookup(
            Lookup(
                .anonymous(
                    .verdicts(
                        .conntrackState,
                        [
                            (ConntrackState.established.hostOrderBytes, .accept),
                            (ConntrackState.related.hostOrderBytes, .accept),
                        ])),
                destination: .verdict)),
    ])
}

/// The ports of DHCP (RFC 2131 4.1) and DHCPv6 (RFC 8415 7.2).
private enum DHCP {
    static let serverPort: UInt16 = 67
    static let clientPort: UInt16 = 68
    static let serverPortIPv6: UInt16 = 547
}

extension Chain {
    /// The chains for the messages that a host sends for IP itself, and for those of its DHCP clients.
    fileprivate static let outboundMessages: [Chain] = {
        let errors = ([3, 11, 12] as [UInt8]).map { icmp(Match.icmpProtocol, type: $0, "RFC 1122 3.2.2") }
        let echo = icmp(Match.icmpProtocol, type: Match.icmpEcho, "ping")
        // RFC 4890 4.4.1; the types of RFC 4861, RFC 3971, RFC 3122, RFC 2710, RFC 3810 and RFC 4286.
        let messages = ([1, 2, 3, 4] as [UInt8]).map { icmp(Match.icmpv6Protocol, type: $0, "RFC 4890 4.4.1: errors") }
        let discovery = ([133, 134, 135, 136, 141, 142, 148, 149] as [UInt8]).map {
            icmp(Match.icmpv6Protocol, type: $0, "RFC 4890 4.4.1: discovery")
        }
        let multicast = ([130, 131, 132, 143, 151, 152, 153] as [UInt8]).map {
            icmp(Match.icmpv6Protocol, type: $0, "RFC 4890 4.4.1: multicast")
        }
        let echov6 = icmp(Match.icmpv6Protocol, type: Match.icmpv6Echo, "ping")
        return [
            Chain(name: Names.outboundICMPv4, rules: errors + [echo]),
            Chain(name: Names.outboundICMPv6, rules: discovery + messages + [echov6] + multicast),
            Chain(
                name: Names.outboundDHCPv4,
                rules: [
                    Rule(
                        Match.family(.ipv4) + Match.destinationPort(DHCP.serverPort) + [.verdict(.accept)],
                        comment: "RFC 2131 4.1")
                ]),
            Chain(
                name: Names.outboundDHCPv6,
                rules: [
                    Rule(
                        Match.source(linkLocal) + Match.destinationPort(DHCP.serverPortIPv6) + [.verdict(.accept)],
                        comment: "RFC 8415 7.2")
                ]),
        ]
    }()

    /// The chain for connections that no line lets out: it logs up to the configured rate, counts, and rejects or accepts.
    ///
    /// A packet to this host's own address need not leave by `lo`, where another table has translated it.
    fileprivate static func outboundRest(_ defaults: Defaults) -> Chain {
        var rules = [Rule(Match.isToOwnAddress + [.verdict(.accept)])]
        // The later packets of a flow without replies are no new connections.
        if defaults.outbound == .audit { rules.append(Rule(Match.isConfirmed + [.verdict(.accept)])) }
        if let rate = defaults.log { rules.append(Rule([.limit(rate.limit), defaults.log(.outbound)])) }
        if defaults.outbound == .audit {
            rules.append(Rule([.counter, .verdict(.accept)]))
        } else {
            // A program fails at once: TCP by a reset, all else by an error of its call.
            rules.append(Rule(Match.transport(TransportProtocol.tcp.rawValue) + [.counter, .reject(.tcpReset)]))
            rules.append(Rule([.counter, .reject(.adminProhibited)]))
        }
        return Chain(name: Names.outboundRest(defaults.outbound), rules: rules)
    }
}
