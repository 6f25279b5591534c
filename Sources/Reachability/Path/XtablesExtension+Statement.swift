internal import Rulesets

extension XtablesExtension {
    /// What an extension does that has no native expressions: the kernel's `net/netfilter/xt_*.c`.
    var statement: Statement {
        guard kind == .target else { return .mayFail }
        return switch name {
        case "DROP", "REJECT": .verdict(.drop)
        case "LOG", "NFLOG", "TRACE", "AUDIT", "LED", "IDLETIMER", "RATEEST", "TCPMSS", "TCPOPTSTRIP", "CHECKSUM",
            "TOS",
            "DSCP", "ECN", "TTL", "HL", "CLASSIFY", "SET", "SECMARK", "CONNSECMARK":
            .passes
        case "MARK", "CONNMARK": .setsMark
        case "NOTRACK": .stopsTracking
        case "CT": excludesFromTracking ? .stopsTracking : .passes
        default: .opaque
        }
    }

    /// `XT_CT_NOTRACK` in the first number of `struct xt_ct_target_info`.
    private var excludesFromTracking: Bool {
        let flags = info.prefix(2)
        return (isLittleEndian ? flags.first : flags.last).map { $0 & 1 != 0 } ?? true
    }
}
