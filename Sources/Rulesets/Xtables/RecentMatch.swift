/// The match `recent` of iptables, which counts the packets of each address in a list.
///
/// `struct xt_recent_mtinfo` of `linux/netfilter/xt_recent.h`: seconds, hits, bits of what it does, an inversion, a name of 200 bytes, the
/// side; revision 1 has a mask behind them.
public struct RecentMatch: Hashable, Sendable {
    /// The seconds in which packets count; 0 for no bound.
    public let seconds: UInt32
    /// The packets that make it match; 0 for one.
    public let hits: UInt32
    private let bits: UInt8
    private let isInverted: Bool
    /// The name of the list.
    public let name: String
    private let isOfDestination: Bool

    /// `XT_RECENT_…` and the words of iptables for them.
    private static let words: [(bit: UInt8, word: String)] = [
        (1 << 1, "SET"), (1 << 0, "CHECK"), (1 << 2, "UPDATE"), (1 << 3, "REMOVE"),
    ]
    private static let update: UInt8 = 1 << 2
    private static let set: UInt8 = 1 << 1
    private static let operations: UInt8 = 0x0f
    private static let timeToLive: UInt8 = 1 << 4

    /// Whether it adds addresses to the list: only this operation does.
    public var adds: Bool { bits & Self.operations == Self.set }

    /// Whether each packet that it matches counts, too, so that a source that goes on sending goes on matching.
    public var isUpdate: Bool { bits & Self.update != 0 }

    /// The match in a structure; `nil` for one that is too short.
    init?(_ structure: ExtensionStructure) {
        let (bitsOffset, nameOffset, nameLength) = (8, 10, 200)  // XT_RECENT_NAME_LEN
        guard let seconds = structure.number(UInt32.self, at: 0), let hits = structure.number(UInt32.self, at: 4),
            let flags = structure.bytes(bitsOffset, 2), let name = structure.bytes(nameOffset, nameLength),
            let side = structure.bytes(nameOffset + nameLength, 1)
        else { return nil }
        (self.seconds, self.hits, bits, isInverted) = (seconds, hits, flags[0], flags[1] != 0)
        self.name = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        isOfDestination = side[0] == 1  // XT_RECENT_DEST
    }
}

extension RecentMatch: CustomStringConvertible {
    /// The match as `iptables -L` lists it: `UPDATE seconds: 300 hit_count: 10 name: SSH side: source`.
    public var description: String {
        let parts: [String?] = [
            isInverted ? "!" : nil, Self.words.first { bits & $0.bit != 0 }?.word,
            seconds > 0 ? "seconds: \(seconds)" : nil, hits > 0 ? "hit_count: \(hits)" : nil,
            bits & Self.timeToLive != 0 ? "TTL-Match" : nil, "name: \(name)",
            "side: \(isOfDestination ? "dest" : "source")",
        ]
        return parts.compactMap(\.self).joined(separator: " ")
    }
}

extension XtablesExtension {
    /// The match `recent`; `nil` for another extension, or a revision that is not known.
    public var recent: RecentMatch? {
        guard kind == .match, name == "recent", revision < 2 else { return nil }
        return RecentMatch(ExtensionStructure(info))
    }
}
