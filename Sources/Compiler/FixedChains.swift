internal import Addressing
internal import Policies
internal import Rulesets

extension Chain {
    /// The chain that refuses packets: logs up to the configured rate, counts, drops or rejects.
    static func refuse(_ defaults: Defaults) -> Chain {
        var rules: [Rule] = []
        if let rate = defaults.log { rules.append(Rule([.limit(rate.limit), defaults.log(.refused)])) }
        switch defaults.inbound {
        case .drop: rules.append(Rule([.counter, .verdict(.drop)]))
        case .reject:
            // TCP gets a reset, RFC 9293 3.5.2; all else the ICMP error of filters, RFC 1812 5.3.9.
            rules.append(Rule(Match.transport(TransportProtocol.tcp.rawValue) + [.counter, .reject(.tcpReset)]))
            rules.append(Rule([.counter, .reject(.adminProhibited)]))
        }
        return Chain(name: Names.refuse, rules: rules)
    }

    /// The chain for replies to this host's DHCPv6 client: conntrack cannot relate them to the multicast requests.
    static func dhcpv6(otherwise chain: String?) -> Chain {
        Chain(
            name: Names.dhcpv6,
            rules: [
                Rule(Match.source(linkLocal) + [.verdict(.accept)], comment: "RFC 8415 7.1"),
                Rule([.verdict(.goto(chain ?? Names.refuse))]),
            ])
    }

    /// The chain for ICMP: the errors of RFC 792, which a host must process (RFC 1122 3.2.2), and echo requests.
    static func icmpv4(_ ping: Defaults.Ping, from sources: [[Expression]]) -> Chain {
        let errors = [3, 11, 12].map { icmp(Match.icmpProtocol, type: $0, "RFC 1122 3.2.2") }
        let echo = echo(Match.icmpProtocol, type: Match.icmpEcho, ping, sources)
        return Chain(name: Names.icmpv4, rules: errors + echo + [Rule.refuse])
    }

    /// The chain for ICMPv6: the errors that the filter of a host must not drop (RFC 4890 4.4.1), and echo requests.
    static func icmpv6(_ ping: Defaults.Ping, from sources: [[Expression]]) -> Chain {
        let errors = (1...4).map { icmp(Match.icmpv6Protocol, type: $0, "RFC 4890 4.4.1: errors") }
        let rules = errors + echo(Match.icmpv6Protocol, type: Match.icmpv6Echo, ping, sources)
        return Chain(name: Names.icmpv6, rules: rules + [Rule.refuse])
    }

    /// The chain for the group membership of IPv4: no router forwards a packet whose time to live is 1.
    static let linkIGMP = Chain(
        name: Names.linkIGMP,
        rules: [Rule(Match.hopLimit(1, .ipv4) + [.verdict(.accept)], comment: "RFC 3376 4: membership")])

    /// The chain for the messages without which the other addresses of a link cannot be reached (RFC 4890 4.4.1).
    static let linkICMPv6: Chain = {
        // RFC 4861 6 and 7, RFC 3971 6: a hop limit of 255 proves that no router has forwarded the packet.
        let discovery = ([133, 134, 135, 136, 141, 142, 148, 149] as [UInt8]).map {
            icmp(Match.icmpv6Protocol, type: $0, "RFC 4890 4.4.1: discovery", hopLimit: 255)
        }
        // RFC 2710 3, RFC 3810 5.1.14, RFC 4286 2: routers ask from a link-local address, with a hop limit of 1.
        let queries = ([130, 151, 152, 153] as [UInt8]).map {
            icmp(Match.icmpv6Protocol, type: $0, "RFC 4890 4.4.1: multicast", source: linkLocal, hopLimit: 1)
        }
        // RFC 3590 4, RFC 3810 5.2.13: a host without an address yet reports from ::.
        let reports = ([131, 132, 143] as [UInt8]).flatMap { type in
            [linkLocal, 0...0].map {
                icmp(Match.icmpv6Protocol, type: type, "RFC 4890 4.4.1: multicast", source: $0, hopLimit: 1)
            }
        }
        return Chain(name: Names.linkICMPv6, rules: discovery + queries + reports)
    }()

    /// fe80::/10, RFC 4291 2.5.6.
    static let linkLocal: ClosedRange<UInt128> = (0xfe80 << 112)...((0xfec0 << 112) - 1)

    static func icmp(
        _ number: UInt8, type: UInt8, _ comment: String?, source: ClosedRange<UInt128>? = nil,
        sources: [Expression]? = nil, hopLimit: UInt8? = nil,
        _ statements: [Expression] = [], _ verdict: Verdict = .accept
    ) -> Rule {
        let family: AddressFamily = number == Match.icmpProtocol ? .ipv4 : .ipv6
        var expressions = source.map(Match.source) ?? sources ?? Match.family(family)
        if let hopLimit { expressions += Match.hopLimit(hopLimit, family).dropFirst(Match.family(family).count) }
        expressions += Match.transport(number)
        expressions += [.payload(Payload(base: .transport, offset: 0, length: 1)), .compare(Comparison([type]))]
        return Rule(expressions + statements + [.verdict(verdict)], comment: comment)
    }

    /// The rules for echo requests from alternative sources; several share one limit, in the chain that `pingLimit` makes.
    private static func echo(_ number: UInt8, type: UInt8, _ ping: Defaults.Ping, _ sources: [[Expression]]) -> [Rule] {
        switch ping {
        case .accept: sources.map { icmp(number, type: type, "ping", sources: $0) }
        case .drop: []
        case .limited(let rate) where sources.count == 1:
            [icmp(number, type: type, "ping", sources: sources[0], [.limit(rate.limit)])]
        case .limited:
            sources.map {
                let family: AddressFamily = number == Match.icmpProtocol ? .ipv4 : .ipv6
                return icmp(number, type: type, "ping", sources: $0, [], .goto(Names.ping(family)))
            }
        }
    }

    /// The chain for echo requests of a family that share a limit.
    static func pingLimit(_ rate: Rate, _ family: AddressFamily) -> Chain {
        Chain(name: Names.ping(family), rules: [Rule([.limit(rate.limit), .verdict(.accept)]), .refuse])
    }
}

extension Rule {
    /// The rules that drop packets, and log them up to this rate.
    static func dropping(loggedBy log: Expression, upTo rate: Rate) -> [Rule] {
        [Rule([.limit(rate.limit), log]), Rule([.counter, .verdict(.drop)])]
    }
}

extension Rate {
    /// The rate with the default burst of nft.
    var limit: RateLimit { RateLimit(rate: UInt64(count), unit: unit.seconds) }
}
