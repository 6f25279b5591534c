internal import Rulesets

/// What an expression does that neither loads nor matches.
enum Statement {
    /// Nothing to the packet.
    case passes
    /// Ends the rule, whatever the packet.
    case fails
    /// Goes on or ends the rule: what is known does not tell.
    case mayFail
    /// Decides.
    case verdict(Verdict)
    /// Answers with an error, and drops.
    case reject(Reject)
    /// Replaces the destination by what these registers hold, and accepts for this base chain.
    case translate(addresses: RegisterPair?, ports: RegisterPair?, toThisHost: Bool)
    /// Accepts for this base chain: a source translation does.
    case accept
    /// Goes on, and what it writes is not known from here on.
    case setsMark
    /// Goes on, and conntrack may not see the packet.
    case stopsTracking
    /// Does what is not modelled: anything may become of the packet.
    case opaque
}

extension Setting {
    /// What a statement does; `nil` when the expression is none.
    func statement(_ expression: Expression) -> Statement? {
        switch expression {
        case .counter, .log: .passes
        case .verdict(let verdict): .verdict(verdict)
        case .reject(let reject): .reject(reject)
        case .limit(let limit): self.limit(isOver: limit.isOver)
        case .dynamicSet(let dynamicSet): update(dynamicSet)
        // In a table of both families a translation of the other one does nothing (`nft_nat_inet_eval`).
        case .translate(let translation)
        where translation.family != UInt32(familyNumber) && translation.family != UInt32(TableFamily.inet.rawValue):
            .passes
        case .translate(let translation) where translation.kind == .source: .accept
        case .translate(let translation):
            .translate(addresses: translation.addresses, ports: translation.ports, toThisHost: false)
        case .redirect(let redirection): .translate(addresses: nil, ports: redirection.ports, toThisHost: true)
        case .xtables(let part): part.statement(circumstances.limits)
        case .opaque(let name, let attributes): Self.opaque(name, attributes)
        default: nil
        }
    }

    private func limit(isOver: Bool) -> Statement {
        circumstances.limits == .either ? .mayFail : isOver ? .fails : .passes
    }

    /// A new element may find the set full, which ends the rule; the set of a limiter is as large as its maker wants.
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

    /// What expressions do that are known by name alone: the kernel's `net/netfilter/nft_*.c`.
    private static func opaque(_ name: String, _ attributes: [UInt8]) -> Statement {
        switch name {
        // A log to a group, or with a limit of bytes, is no `LogStatement`.
        case "last", "dup", "log": .passes
        case "objref" where attributes.objectType.map(objectsThatPass.contains) == true: .passes
        case "masq": .accept
        case "meta" where attributes.hasAttribute(metaSource), "ct" where attributes.hasAttribute(conntrackSource):
            .setsMark
        // Loads of what is not modelled may fail themselves, and what they load is unknown: both show in what follows.
        // Offloading ends the rule of packets that it does not want, and skips chains only from the answer on.
        case "meta", "ct", "flow_offload", "exthdr", "rt", "socket", "osf", "hash", "numgen", "xfrm", "tunnel", "inner",
            "match",
            "quota", "connlimit", "objref", "bitwise", "cmp", "range", "lookup", "dynset", "byteorder", "fib", "limit":
            .mayFail
        case "notrack": .stopsTracking
        default: .opaque
        }
    }

    /// `NFT_OBJECT_COUNTER`, `NFT_OBJECT_CT_HELPER`, `NFT_OBJECT_CT_TIMEOUT` and `NFT_OBJECT_SECMARK`.
    private static let objectsThatPass: Set<UInt8> = [1, 3, 7, 8]

    /// `NFTA_META_SREG` and `NFTA_CT_SREG` of `linux/netfilter/nf_tables.h`.
    private static let metaSource: UInt16 = 3
    private static let conntrackSource: UInt16 = 4
}

extension [UInt8] {
    /// Whether one of these netlink attributes is of this type.
    fileprivate func hasAttribute(_ type: UInt16) -> Bool { attribute(type) != nil }

    /// The type of the object that an `objref` names itself: the last byte of `NFTA_OBJREF_IMM_TYPE`, 4 bytes.
    fileprivate var objectType: UInt8? { attribute(1)?.last }

    /// The value of the first of these netlink attributes of a type; each is four bytes of length and type, then its value.
    private func attribute(_ type: UInt16) -> ArraySlice<UInt8>? {
        var start = 0
        while start + 4 <= count {
            let head = self[start..<(start + 4)].map(UInt16.init)
            let pairs =
                isLittleEndian
                ? [head[0] | head[1] << 8, head[2] | head[3] << 8] : [head[0] << 8 | head[1], head[2] << 8 | head[3]]
            let length = Swift.max(4, Int(pairs[0]))
            if pairs[1] & 0x3fff == type { return self[(start + 4)..<Swift.min(start + length, count)] }
            start += (length + 3) & ~3
        }
        return nil
    }
}
