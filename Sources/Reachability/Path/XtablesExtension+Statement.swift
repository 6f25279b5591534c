internal import Addressing
internal import Rulesets

extension XtablesExtension {
    /// The effect of an extension without native equivalent, from `net/netfilter/xt_*.c` of the kernel.
    func statement(_ setting: Setting) -> Statement {
        let limits = setting.circumstances.limits
        if kind == .match {
            if isDeprecatedRoutingHeader { return .fails }
            if let counting { return counting.statement(limits) }
            if let headers = headerMatch(setting) { return headers }
            return switch name {
            case "recent": recent(limits)
            case "physdev" where !setting.isSent && !setting.mayArriveByBridge: physicalDevice
            default: .mayFail
            }
        }
        return switch name {
        case "DROP", "REJECT": .verdict(.drop)
        case "LOG", "NFLOG", "TRACE", "AUDIT", "LED", "IDLETIMER", "RATEEST", "TCPMSS", "TCPOPTSTRIP", "CHECKSUM",
            "TOS", "TEE",
            "DSCP", "ECN", "TTL", "HL", "CLASSIFY", "SET", "SECMARK", "CONNSECMARK":
            .passes
        case "MARK", "HMARK": .sets(.packet, nil)
        case "NOTRACK": .stopsTracking
        case "CT":
            excludesFromTracking
                ? .stopsTracking : zone.map { .setsZone($0.number, direction: $0.direction) } ?? .passes
        default: .opaque
        }
    }

    /// `struct xt_physdev_info` of packets that came by no bridge: four names of 16 bytes, the inverted and the used options
    /// `XT_PHYSDEV_OP_…`.
    ///
    /// Each used option matches only if it is inverted (`physdev_mt`).
    private var physicalDevice: Statement {
        let (inverted, used) = (64, 65)
        guard info.count > used else { return .mayFail }
        return info[used] & ~info[inverted] == 0 ? .passes : .fails
    }

    /// `struct xt_recent_mtinfo`, with or without a mask: a time, a number of packets, the operation, an inversion.
    ///
    /// The operation "set" always matches. A check for more than one packet in a time is a limit.
    private func recent(_ limits: Circumstances.Limits) -> Statement {
        guard info.count > 9 else { return .mayFail }
        let isInverted = info[9] != 0
        let set: UInt8 = 1 << 1  // XT_RECENT_SET
        if info[8] & Self.operations == set { return isInverted ? .fails : .passes }
        guard isRate, limits == .kept else { return .mayFail }
        return isInverted ? .passes : .fails
    }

    /// The bits of the operation of `recent`; others compare the time to live, too, or forget old packets.
    private static let operations: UInt8 = 0x0f

    /// Whether it decides by how much a client has sent, or how often it is connected.
    var isLimit: Bool { isRate || counting != nil }

    /// Whether it is a match `recent` for more than one packet of a source in a time.
    private var isRate: Bool {
        let checks: [UInt8] = [1 << 0, 1 << 2]  // XT_RECENT_CHECK, XT_RECENT_UPDATE
        guard kind == .match, name == "recent", info.count > 9, checks.contains(info[8] & Self.operations)
        else { return false }
        return info[4..<8].reduce(0) { $0 + Int($1) } > 1
    }

    /// Whether it matches routing headers of type 0 alone, which no connection has: RFC 5095.
    ///
    /// `struct ip6t_rt` of `linux/netfilter_ipv6/ip6t_rt.h`: type, two ends of segments left, length, flags, inversions.
    private var isDeprecatedRoutingHeader: Bool {
        let flagsOffset = 16
        guard name == "rt", info.count > flagsOffset + 1 else { return false }
        let isByType = info[flagsOffset] & 1 != 0 && info[flagsOffset + 1] == 0  // IP6T_RT_TYP
        return isByType && info.prefix(4).allSatisfy { $0 == 0 }
    }

    /// Whether it sets a zone of conntrack other than none.
    var setsZone: Bool {
        guard kind == .target, name == "CT", !excludesFromTracking, let zone else { return false }
        if case .constant(0) = zone.number { return false }
        return true
    }

    /// The zone that the target `CT` sets: flags `XT_CT_ZONE_…` and a number of two bytes each in `struct xt_ct_target_info`.
    private var zone: (number: ZoneNumber, direction: UInt8?)? {
        guard info.count >= 4 else { return nil }
        let (flags, number) = (UInt16(hostOrderBytes: Array(info[..<2])), UInt16(hostOrderBytes: Array(info[2..<4])))
        let (original, replies, mark): (UInt16, UInt16, UInt16) = (1 << 2, 1 << 3, 1 << 4)
        let direction: UInt8? =
            switch flags & (original | replies) {
            case original: 0
            case replies: 1
            default: nil
            }
        return (flags & mark != 0 ? .unknown : .constant(number), direction)
    }

    /// `XT_CT_NOTRACK` in the first number of `struct xt_ct_target_info`.
    private var excludesFromTracking: Bool {
        let flags = info.prefix(2)
        return (isLittleEndian ? flags.first : flags.last).map { $0 & 1 != 0 } ?? true
    }
}

extension CountingMatch {
    /// The effect for a client that keeps limits.
    fileprivate func statement(_ limits: Circumstances.Limits) -> Statement {
        if allowsNone { return isOver ? .passes : .fails }
        return limits == .either ? .mayFail : isOver ? .fails : .passes
    }
}
