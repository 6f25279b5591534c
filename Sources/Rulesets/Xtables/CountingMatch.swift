/// A match of iptables that counts the packets or the connections of each client: `hashlimit` or `connlimit`.
public struct CountingMatch: Hashable, Sendable {
    /// What it counts.
    public enum Subject: Hashable, Sendable {
        /// Packets, at this rate; of each source, or of all together.
        case packets(RateLimit, ofSource: Bool)
        /// Connections that exist at once, up to this number.
        case connections(UInt32)
        /// Bytes, packets of networks or of other parts, or a rate that no unit of time makes a whole number.
        case other
    }

    /// What it counts, up to what.
    public let subject: Subject
    /// Whether it matches what exceeds the limit; otherwise what keeps it.
    public let isOver: Bool

    /// Whether each client exceeds the limit with its first connection.
    public var allowsNone: Bool { subject == .connections(0) }
}

extension CountingMatch {
    /// `struct xt_connlimit_info` of `linux/netfilter/xt_connlimit.h`: a mask of 16 bytes, the number, flags.
    init?(connections structure: ExtensionStructure) {
        guard let limit = structure.number(UInt32.self, at: 16), let flags = structure.number(UInt32.self, at: 20)
        else { return nil }
        subject = .connections(limit)
        isOver = flags & 1 == 0  // XT_CONNLIMIT_INVERT: "up to"
    }

    /// `struct xt_hashlimit_mtinfo1` to `3` of `linux/netfilter/xt_hashlimit.h`: a name of 16 or, from revision 2 on, 255 bytes, and the
    /// configuration: the mode, the time between two packets and the burst in parts of a second, and the mask of sources.
    init?(packets structure: ExtensionStructure, revision: UInt32) {
        let average: UInt64?
        let burst: UInt64?
        let mode: UInt32?
        let scale: UInt64
        let maskOffset: Int
        switch revision {
        case 1:
            mode = structure.number(UInt32.self, at: 16)
            average = structure.number(UInt32.self, at: 20).map(UInt64.init)
            burst = structure.number(UInt32.self, at: 24).map(UInt64.init)
            scale = 10_000  // XT_HASHLIMIT_SCALE
            maskOffset = 44
        case 2, 3:
            average = structure.number(UInt64.self, at: 256)
            burst = structure.number(UInt64.self, at: 264)
            mode = structure.number(UInt32.self, at: 272)
            scale = 1_000_000  // XT_HASHLIMIT_SCALE_v2
            maskOffset = revision == 2 ? 292 : 296
        default: return nil
        }
        guard let mode, let average, let burst, let mask = structure.bytes(maskOffset, 1)?.first else { return nil }
        isOver = mode & Self.inverted != 0
        let isOfAll = mode & ~Self.inverted == 0
        let isOfSource = mode & ~Self.inverted == Self.bySource && Self.wholeAddresses.contains(mask)
        let rate = isOfAll || isOfSource ? Self.rate(average, burst, scale) : nil
        subject = rate.map { .packets($0, ofSource: isOfSource) } ?? .other
    }

    /// `XT_HASHLIMIT_INVERT`, and `XT_HASHLIMIT_HASH_SIP`.
    private static let (inverted, bySource): (UInt32, UInt32) = (1 << 4, 1 << 2)

    /// The lengths of the addresses of IPv4 and IPv6.
    private static let wholeAddresses: Set<UInt8> = [32, 128]

    /// The rate of one packet in `average` parts of a second; `nil` if no unit of time has a whole number of packets.
    private static func rate(_ average: UInt64, _ burst: UInt64, _ scale: UInt64) -> RateLimit? {
        let units: [UInt64] = [1, 60, 3600, 86_400]
        guard average > 0, let unit = units.first(where: { scale * $0 >= average && scale * $0 % average == 0 }) else {
            return nil
        }
        return RateLimit(rate: scale * unit / average, unit: unit, burst: UInt32(clamping: max(1, burst)))
    }
}

extension XtablesExtension {
    /// The match `hashlimit` or `connlimit`; `nil` for another extension, or a revision that is not known.
    public var counting: CountingMatch? {
        guard kind == .match else { return nil }
        switch name {
        case "connlimit": return revision == 1 ? CountingMatch(connections: ExtensionStructure(info)) : nil
        case "hashlimit": return CountingMatch(packets: ExtensionStructure(info), revision: revision)
        default: return nil
        }
    }
}
