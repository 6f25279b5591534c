internal import Addressing
internal import Rulesets

extension Table {
    /// Whether a rule lets conntrack track the connections of a family (`nf_ct_netns_get`): also one of a chain that is never
    /// reached, and of a dormant table.
    func tracks(_ family: AddressFamily) -> Bool {
        guard name.family == .inet || name.family.rawValue == (family == .ipv4 ? TableFamily.ipv4 : .ipv6).rawValue
        else {
            return false
        }
        return chains.contains { $0.rules.contains { $0.expressions.contains(where: \.tracks) } }
    }
}

extension Expression {
    fileprivate var tracks: Bool {
        switch self {
        case .conntrack, .setConntrack, .translate, .redirect, .connectionCount: true
        // An object may be a helper, a timeout or an expectation of conntrack, and a legacy table may have any rule.
        case .opaque(let name, _):
            ["ct", "nat", "masq", "redir", "connlimit", "flow_offload", "synproxy", "objref", "iptables-legacy"]
                .contains(name)
        case .xtables(let part): !part.isWithoutConntrack
        case .dynamicSet(let update): update.expressions.contains(where: \.tracks)
        default: false
        }
    }

    /// Whether it sets a zone of conntrack.
    var setsZone: Bool {
        switch self {
        case .setConntrack(let assignment): assignment.key == .zone
        case .xtables(let part): part.setsZone
        default: false
        }
    }
}

extension XtablesExtension {
    /// Whether it certainly uses no conntrack; others may, and are taken to.
    fileprivate var isWithoutConntrack: Bool {
        let matches: Set = [
            "addrtype", "comment", "dscp", "ecn", "esp", "ah", "frag", "hashlimit", "hl", "icmp", "icmp6", "iprange",
            "length",
            "limit", "mac", "mark", "multiport", "owner", "physdev", "pkttype", "policy", "quota", "recent", "rpfilter",
            "rt",
            "set", "statistic", "string", "tcp", "tcpmss", "time", "tos", "ttl", "u32", "udp",
        ]
        let targets: Set = [
            "CHECKSUM", "CLASSIFY", "DROP", "DSCP", "HL", "LOG", "MARK", "NFLOG", "NFQUEUE", "REJECT", "SET", "TCPMSS",
            "TCPOPTSTRIP", "TEE", "TOS", "TRACE", "TTL",
        ]
        return (kind == .match ? matches : targets).contains(name)
    }
}
