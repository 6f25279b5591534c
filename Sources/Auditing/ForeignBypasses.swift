internal import Addressing
public import Listeners
public import Rulesets

extension [Finding] {
    /// Ways round the ruleset: rules of other tables that copy packets towards loopback, set helpers or expectations of
    /// connections, send packets to another interface, or keep them from being tracked; and programs that see packets before it.
    public static func foreignBypasses(by others: [Table], _ interfaces: [HostInterface]) -> [Finding] {
        let rules = others.flatMap { table in
            table.chains.flatMap { chain in
                chain.rules.compactMap { rule in
                    Bypass(rule, in: table).map { $0.finding(rule, chain.name, table.name) }
                }
            }
        }
        var seen: Set<Finding> = []
        return rules.filter { seen.insert($0).inserted } + interfaces.compactMap(\.programs)
    }
}

/// A way round the ruleset that a rule opens.
private enum Bypass {
    case copy
    case helper
    case untracked
    case forwarded
    case proxied

    /// `enum nft_dup_attributes`, `enum nft_objref_attributes` of `linux/netfilter/nf_tables.h`.
    private static let (dupAddress, objectType, objectMap): (UInt16, UInt16, UInt16) = (1, 1, 4)

    init?(_ rule: Rule, in table: Table) {
        var constants: [Register: [UInt8]] = [:]
        let ways = rule.expressions.compactMap { expression -> Self? in
            switch expression {
            case .immediate(let load):
                constants[load.destination] = load.value
                return nil
            case .xtables(let part): return Self(part)
            case .opaque("notrack", _): return .untracked
            case .opaque("fwd", _): return .forwarded
            case .opaque("synproxy", _): return .proxied
            case .opaque("objref", let attributes):
                let map = attributes.attribute(Self.objectMap).map { KernelName.text(of: $0.prefix { $0 != 0 }) }
                let type =
                    attributes.number(Self.objectType)
                    ?? map.flatMap(table.set)?.definition.objectType
                return type.flatMap(Self.init(objectType:))
            case .opaque("dup", let attributes):
                let target = attributes.number(Self.dupAddress).map(Register.init).flatMap { constants[$0] }
                let address = target.flatMap { IPAddress(bigEndianBytes: $0) }
                return address?.isLoopback == false ? nil : .copy
            default: return nil
            }
        }
        guard let way = ways.first else { return nil }
        self = way
    }

    /// The way that an object opens, by its type: `NFT_OBJECT_…` of `linux/netfilter/nf_tables.h`.
    private init?(objectType: UInt32) {
        switch objectType {
        case 3, 9: self = .helper  // NFT_OBJECT_CT_HELPER, NFT_OBJECT_CT_EXPECT
        case 10: self = .proxied  // NFT_OBJECT_SYNPROXY
        default: return nil
        }
    }

    /// The way that a target of iptables opens.
    private init?(_ part: XtablesExtension) {
        guard part.kind == .target else { return nil }
        switch part.name {
        case "NOTRACK": self = .untracked
        case "CT" where part.hasHelper: self = .helper
        case "CT" where part.excludes: self = .untracked
        case "TEE" where part.leadsToLoopback: self = .copy
        case "SYNPROXY": self = .proxied
        default: return nil
        }
    }

    /// The finding about the rule.
    func finding(_ rule: Rule, _ chain: String, _ table: TableName) -> Finding {
        let text = rule.text(in: table.family)
        let (severity, effect): (Finding.Severity, String) =
            switch self {
            case .copy: (.error, "copies packets to loopback, past the ruleset")
            case .helper: (.warning, "sets a helper or an expectation: connections that it announces count as related")
            case .proxied:
                (.error, "answers clients, and connects to their port over loopback, past the ruleset")
            case .forwarded: (.warning, "sends packets to another interface before the ruleset sees them")
            case .untracked: (.warning, "keeps packets from being tracked: their replies do not count as established")
            }
        var finding = Finding(
            .foreignBypass, severity, "\(table) \(effect): \"\(table) \(chain): \(text)\"",
            table: table.description, chain: chain)
        finding.details.rule = text
        return finding
    }
}

/// The structures of `linux/netfilter/xt_CT.h` and `xt_TEE.h`.
extension XtablesExtension {
    /// Whether `struct xt_ct_target_info` names a helper: flags and zone of two bytes each, two masks of events, the name.
    fileprivate var hasHelper: Bool { info.count > 12 && info[12] != 0 }

    /// Whether it has `XT_CT_NOTRACK`.
    fileprivate var excludes: Bool { info.first.map { $0 & 1 != 0 } ?? false }

    /// Whether the gateway of `struct xt_tee_tginfo`, an address of either family in 16 bytes, is a loopback address.
    fileprivate var leadsToLoopback: Bool {
        guard info.count >= 16 else { return true }
        return info[0] == 127 || IPAddress(bigEndianBytes: Array(info[..<16]))?.isLoopback == true
    }
}

extension HostInterface {
    /// The finding about programs that see the packets of the interface before the ruleset.
    fileprivate var programs: Finding? {
        guard !earlier.isEmpty else { return nil }
        var finding = Finding(
            .foreignBypass, .warning,
            "interface \(name) has \(earlier.joined(separator: " and ")), which can take packets past the ruleset; "
                + "they are not understood")
        finding.details.interface = name
        return finding
    }
}
