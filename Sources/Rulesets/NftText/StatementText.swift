extension Verdict: CustomStringConvertible {
    /// The verdict in nft's notation.
    public var description: String {
        switch self {
        case .accept: "accept"
        case .drop: "drop"
        case .continue: "continue"
        case .return: "return"
        case .jump(let chain): "jump \(chain)"
        case .goto(let chain): "goto \(chain)"
        case .other(let code): "[verdict \(code)]"
        }
    }
}

extension RateLimit: CustomStringConvertible {
    /// The burst that nft omits.
    private static let defaultBurst: UInt32 = 5

    /// The limit in nft's notation.
    public var description: String {
        let tail =
            burst == (countsBytes ? 0 : Self.defaultBurst) ? "" : " burst \(burst) \(countsBytes ? "bytes" : "packets")"
        return "limit rate \(isOver ? "over " : "")\(rate)\(countsBytes ? " bytes" : "")/\(span)\(tail)"
    }

    private var span: String {
        let units: [UInt64: String] = [1: "second", 60: "minute", 3600: "hour", 86400: "day", 604_800: "week"]
        return units[unit] ?? "\(unit)s"
    }

    /// The rate without the burst: `10/minute`.
    public var rateText: String { "\(rate)/\(span)" }
}

extension ConnectionCount: CustomStringConvertible {
    /// The count in nft's notation.
    public var description: String { "ct count \(isOver ? "over " : "")\(count)" }
}

extension LogStatement: CustomStringConvertible {
    private static let levels = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"]
    private static let warning: UInt32 = 4

    /// The statement in nft's notation.
    public var description: String {
        var text = "log"
        if let prefix { text += " prefix \(quoted(prefix))" }
        if let group { return text + " group \(group)" }
        if level != Self.warning {
            text += " level \(Int(level) < Self.levels.count ? Self.levels[Int(level)] : "\(level)")"
        }
        if flags == Self.user { return text + " flags skuid" }
        if flags != 0 { text += " [flags 0x\(String(flags, radix: 16))]" }
        return text
    }
}

extension Reject: CustomStringConvertible {
    private static let eitherFamilyCodes = ["no-route", "port-unreachable", "host-unreachable", "admin-prohibited"]

    /// The statement in nft's notation.
    public var description: String {
        switch type {
        case 1: "reject with tcp reset"
        case 2 where Int(code) < Self.eitherFamilyCodes.count: "reject with icmpx \(Self.eitherFamilyCodes[Int(code)])"
        default: "[reject type \(type) code \(code)]"
        }
    }

    /// The statement in nft's notation, where the family of the packet is known: `NFT_REJECT_ICMP_UNREACH` has its codes.
    func text(in family: TableFamily?) -> String {
        let names: [UInt8: String]
        switch (type, family) {
        case (0, .ipv4?): names = Self.ipv4Codes
        case (0, .ipv6?): names = Self.ipv6Codes
        default: return description
        }
        return names[code].map { "reject with \(family == .ipv4 ? "icmp" : "icmpv6") \($0)" } ?? description
    }

    /// `ICMP_NET_UNREACH` and the like of `linux/icmp.h`.
    private static let ipv4Codes: [UInt8: String] = [
        0: "net-unreachable", 1: "host-unreachable", 2: "prot-unreachable", 3: "port-unreachable", 9: "net-prohibited",
        10: "host-prohibited", 13: "admin-prohibited",
    ]
    /// `ICMPV6_NOROUTE` and the like of `linux/icmpv6.h`.
    private static let ipv6Codes: [UInt8: String] = [
        0: "no-route", 1: "admin-prohibited", 3: "addr-unreachable", 4: "port-unreachable", 5: "policy-fail",
        6: "reject-route",
    ]
}

extension Rule: CustomStringConvertible {
    /// The rule in nft's notation; expressions that are not modelled are in brackets.
    public var description: String { RuleText.text(of: self) }

    /// The rule in the notation of a table of this family: in `ip` and `ip6` addresses need no match on the family.
    public func text(in family: TableFamily) -> String { RuleText.text(of: self, in: family) }
}
