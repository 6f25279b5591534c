internal import Addressing
internal import Rulesets

/// The effect of an expression that neither loads a register nor compares one.
enum Statement {
    /// None on the packet.
    case passes
    /// Ends the rule for every packet.
    case fails
    /// Continues or ends the rule; which one is unknown.
    case mayFail
    /// Sets a verdict.
    case verdict(Verdict)
    /// Drops the packet and sends an error.
    case reject(Reject)
    /// Replaces the destination by the values of these registers, and accepts in this base chain.
    case translate(addresses: RegisterPair?, ports: RegisterPair?, toThisHost: Bool)
    /// Replaces the source by the value of these registers, and accepts in this base chain.
    case translateSource(RegisterPair?)
    /// Accepts in this base chain.
    case accept
    /// Continues with another mark: the value of a register, or any value.
    case sets(MarkKind, Register?)
    /// Continues; the connection has the labels in this register, too.
    case setsLabels(Register)
    /// Continues; conntrack does not see the packet.
    case stopsTracking
    /// Continues; conntrack looks for the connection in this zone, in one direction or in both.
    case setsZone(ZoneNumber, direction: UInt8?)
    /// Not modelled: any verdict is possible.
    case opaque
}

extension Statement {
    /// Whether an expression with this effect that is not modelled may load a register.
    var mayLoad: Bool { if case .mayFail = self { true } else { false } }
}

extension Setting {
    /// The effect of a statement; `nil` for an expression that loads or compares.
    func statement(_ expression: Expression) -> Statement? {
        switch expression {
        case .counter, .log: .passes
        case .verdict(let verdict): .verdict(verdict)
        case .reject(let reject): .reject(reject)
        case .limit(let limit): self.limit(limit)
        // No connection is below a limit of none.
        case .connectionCount(let count) where count.count == 0: count.isOver ? .passes : .fails
        case .connectionCount(let count): limit(isOver: count.isOver)
        case .dynamicSet(let dynamicSet): update(dynamicSet)
        // In an inet table a translation of the other family has no effect (`nft_nat_inet_eval`).
        case .translate(let translation)
        where translation.family != UInt32(familyNumber) && translation.family != UInt32(TableFamily.inet.rawValue):
            .passes
        case .translate(let translation) where translation.kind == .source: .translateSource(translation.addresses)
        case .translate(let translation):
            .translate(addresses: translation.addresses, ports: translation.ports, toThisHost: false)
        case .redirect(let redirection): .translate(addresses: nil, ports: redirection.ports, toThisHost: true)
        case .setConntrack(let assignment):
            Self.assignment(assignment)
        case .xtables(let part): part.statement(self)
        case .opaque(let name, let attributes): opaque(name, attributes)
        default: nil
        }
    }

    /// Whether the expression ends the rule for every packet.
    func endsRule(_ expression: Expression?) -> Bool {
        guard case .fails? = expression.flatMap(statement) else { return false }
        return true
    }

    /// A limit of bytes holds what comes in its unit, and the burst: a larger packet is over it, whatever came before
    /// (`nft_limit_init`).
    private func limit(_ limit: RateLimit) -> Statement {
        guard limit.countsBytes else { return self.limit(isOver: limit.isOver) }
        let (most, isBeyond) = limit.rate.addingReportingOverflow(UInt64(limit.burst))
        if isBeyond || most >= packetLengths.upperBound { return self.limit(isOver: limit.isOver) }
        return most < packetLengths.lowerBound ? limit.isOver ? .passes : .fails : .mayFail
    }

    /// The possible lengths of the packets in bytes; of protocols whose clients choose how much they send at first, the least one.
    private var packetLengths: ClosedRange<UInt64> {
        // Headers without and with options: RFC 791 3.1, RFC 8200 3.
        let header: ClosedRange<UInt64> = family == .ipv4 ? 20...60 : 40...40
        let least: UInt64 =
            switch transport {
            case .tcp: 20  // RFC 9293 3.1
            case .sctp: 12  // RFC 9260 3
            case .dccp: 16  // RFC 4340 5.1
            case .udp, .udplite, .icmp, .icmpv6: 8
            default: 0
            }
        guard transport == .tcp, phase == .first || phase == .reply else {
            return (header.lowerBound + least)...(header.lowerBound + least)
        }
        return (header.lowerBound + least)...(header.upperBound + 60)
    }

    private func limit(isOver: Bool) -> Statement {
        circumstances.limits == .either ? .mayFail : isOver ? .fails : .passes
    }

    /// The effect of an update, assuming that the set is not full: a full set would end the rule.
    private func update(_ dynamicSet: DynamicSet) -> Statement {
        var outcome = Statement.passes
        for expression in dynamicSet.expressions {
            switch statement(expression) {
            case .fails?: return .fails
            case .passes?: break
            default: outcome = .mayFail
            }
        }
        return outcome
    }

    /// The effect of expressions that are known only by name, from `net/netfilter/nft_*.c` of the kernel.
    private func opaque(_ name: String, _ attributes: [UInt8]) -> Statement {
        switch name {
        // A log with a limit of bytes is not modelled as a `LogStatement`.
        case "last", "dup", "log": .passes
        case "objref": object(ofType: attributes.objectType)
        case "masq": .accept
        case "meta" where attributes.hasAttribute(Self.metaSource): Self.assignment(ofMeta: attributes)
        case "ct" where attributes.hasAttribute(Self.conntrackSource): .sets(.connection, nil)
        case "payload": write(attributes)
        // A load that is not modelled may end the rule, and its value is unknown. `flow_offload` ends the rule for packets
        // that it cannot offload, and makes packets skip chains only after the reply.
        case "meta", "ct", "flow_offload", "exthdr", "rt", "socket", "osf", "hash", "numgen", "tproxy", "xfrm",
            "tunnel", "inner", "match", "quota", "connlimit", "bitwise", "cmp", "range", "lookup",
            "dynset", "byteorder", "fib", "limit",
            // A rule that nf_tables does not show.
            "iptables-legacy":
            .mayFail
        case "notrack": .stopsTracking
        default: .opaque
        }
    }

    /// The effect of `ct … set`: events and helpers are of no effect on rules.
    private static func assignment(_ assignment: ConntrackAssignment) -> Statement {
        switch assignment.key {
        case .labels: .setsLabels(assignment.source)
        case .mark: .sets(.connection, assignment.source)
        case .zone: .setsZone(.register(assignment.source), direction: assignment.direction)
        default: .passes
        }
    }

    /// The effect of `meta … set`: `NFTA_META_KEY` and `NFTA_META_SREG` of `linux/netfilter/nf_tables.h`.
    private static func assignment(ofMeta attributes: [UInt8]) -> Statement {
        switch attributes.number(2).map(MetaKey.init(rawValue:)) {
        case MetaKey.mark?: .sets(.packet, attributes.number(metaSource).map(Register.init(rawValue:)))
        case MetaKey.packetType?: .sets(.packetType, nil)
        // The priority, the trace and the like decide nothing.
        default: .passes
        }
    }

    /// The effect of a write to the packet, `NFTA_PAYLOAD_…` of `linux/netfilter/nf_tables.h`: none, unless it writes what
    /// decides here, the addresses, the protocol, the ports or the flags of TCP.
    private func write(_ attributes: [UInt8]) -> Statement {
        guard attributes.number(5) != nil, let base = attributes.number(2), let offset = attributes.number(3),
            let length = attributes.number(4), offset < 256, length < 256
        else { return .opaque }
        let decisive: [Range<UInt32>]
        switch Payload.Base(rawValue: base) {
        case .link: return .passes
        // nft writes the protocol together with the time to live, unchanged.
        case .network where family == .ipv4: decisive = offset == 9 ? [9..<10] : [12..<20]
        case .network: decisive = offset == 6 && length == 1 ? [6..<7] : [8..<40]
        case .transport: decisive = [0..<4, 13..<14]
        default: return .opaque
        }
        return decisive.contains { $0.overlaps(offset..<(offset + length)) } ? .opaque : .passes
    }

    /// The effect of an object, by its type: `NFT_OBJECT_…` of `linux/netfilter/nf_tables.h`.
    private func object(ofType type: UInt8?) -> Statement {
        switch type {
        // A counter, a helper, a tunnel, a timeout of conntrack, and a security mark.
        case 1, 3, 6, 7, 8: .passes
        // A quota, a limit, and a limit of connections.
        case 2, 4, 5: .mayFail
        // An expectation drops where the client has one (`nft_ct_expect_obj_eval`), and a SYN proxy keeps the packet.
        default: .opaque
        }
    }

    /// `NFTA_META_SREG` and `NFTA_CT_SREG` of `linux/netfilter/nf_tables.h`.
    private static let metaSource: UInt16 = 3
    private static let conntrackSource: UInt16 = 4
}

extension [UInt8] {
    /// Whether one of these netlink attributes has this type.
    fileprivate func hasAttribute(_ type: UInt16) -> Bool { attribute(type) != nil }

    /// The type of the object in an `objref`: the last of the 4 bytes of `NFTA_OBJREF_IMM_TYPE`.
    fileprivate var objectType: UInt8? { attribute(1)?.last }
}
