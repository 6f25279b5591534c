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
}

extension Rule: CustomStringConvertible {
    /// The rule in nft's notation; expressions that are not modelled are in brackets.
    public var description: String { RuleText.text(of: self) }

    /// The rule in the notation of a table of this family: in `ip` and `ip6` addresses need no match on the family.
    public func text(in family: TableFamily) -> String { RuleText.text(of: self, in: family) }
}
