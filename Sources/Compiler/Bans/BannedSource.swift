public import Addressing
public import Rulesets

/// An address or a prefix that gets nothing until the kernel's timeout.
public struct BannedSource: Hashable, Sendable {
    /// The addresses: always a prefix.
    public let addresses: AddressRange
    /// The timeout since it was added, in whole seconds: the kernel rounds times below one tick.
    public let seconds: Int64
    /// The set that holds it.
    let bans: BanSet

    /// A source of these parts; `nil` if the addresses are no prefix.
    public init?(_ addresses: AddressRange, seconds: Int64) {
        precondition(seconds > 0, "a ban is for some time")
        guard let length = addresses.prefixLength else { return nil }
        self.addresses = addresses
        self.seconds = seconds
        bans = BanSet(family: addresses.family, length: length)
    }

    /// The element of the set.
    var element: SetElement { SetElement(key: key, timeout: UInt64(seconds) * 1000) }

    /// The key of the element: the first address, in network byte order.
    var key: [UInt8] {
        switch addresses {
        case .ipv4(let range): range.lowerBound.bigEndianBytes
        case .ipv6(let range): range.lowerBound.bigEndianBytes
        }
    }
}

extension AddressRange {
    /// The length in bits of the prefix that is exactly this range; `nil` if it is none.
    fileprivate var prefixLength: Int? {
        switch self {
        case .ipv4(let range): range.prefixLength
        case .ipv6(let range): range.prefixLength
        }
    }
}

/// The set with the banned prefixes of one family and length, and the rule that looks them up.
///
/// A hash set for each length: in a tree of ranges, an element that has timed out but is not collected yet blocks new ones.
struct BanSet: Hashable {
    let family: AddressFamily
    let length: Int

    init(family: AddressFamily, length: Int) {
        self.family = family
        self.length = length
    }

    /// The set with this name; `nil` if it is not a set of bans.
    init?(set name: String) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard name.hasPrefix(Names.bans), (2...3).contains(parts.count),
            let family = AddressFamily(rawValue: String(parts[1]))
        else { return nil }
        guard let length = parts.count == 2 ? family.width : Int(parts[2]) else { return nil }
        self.init(family: family, length: length)
        guard (0...family.width).contains(length), self.name == name else { return nil }
    }

    /// The name of the set.
    var name: String { "\(Names.bans)\(family)" + (length == family.width ? "" : "-\(length)") }

    /// The match on sources in the set.
    var match: [Expression] {
        guard length < family.width else { return Match.source(in: name, family) }
        return Match.family(family)
            + [Match.sourceLoad(family), .bitwise(BitwiseMask(mask: mask)), .lookup(Lookup(.named(name)))]
    }

    private var mask: [UInt8] {
        (0..<(family.width / 8)).map { index in
            let bits = min(8, max(0, length - index * 8))
            return UInt8.max << (8 - bits)
        }
    }

    /// The definition with these elements: a hash set whose elements time out.
    func set(_ elements: [SetElement]) -> NamedSet {
        NamedSet(name: name, definition: .timed(family), elements: .list(elements.sortedByKey()))
    }

    /// The source of an element; `nil` for an element of another form.
    func source(of element: SetElement) -> BannedSource? {
        guard let timeout = element.timeout, let address = IPAddress(bigEndianBytes: element.key),
            address.family == family
        else { return nil }
        let range: AddressRange =
            switch address {
            case .ipv4(let value): .ipv4(ClosedRange(prefixOf: value, length: length))
            case .ipv6(let value): .ipv6(ClosedRange(prefixOf: value, length: length))
            }
        let source = BannedSource(range, seconds: max(1, Int64(clamping: timeout / 1000)))
        return source?.element == element ? source : nil
    }
}

extension AddressFamily {
    /// The length of an address in bits.
    var width: Int { self == .ipv4 ? 32 : 128 }
}

extension Rule {
    /// Drops the packets of banned sources; with `logs` by the chain that logs those of `deny`.
    static func ban(_ bans: BanSet, logs: Bool) -> Rule {
        let verdict: [Expression] = logs ? [.verdict(.goto(Names.deniedSources))] : [.counter, .verdict(.drop)]
        return Rule(bans.match + verdict, comment: "banned for a time")
    }

    /// Whether the rule just drops the packets of banned sources.
    public var isBan: Bool {
        for case .lookup(let lookup) in expressions {
            guard case .named(let name) = lookup.set, let bans = BanSet(set: name) else { continue }
            return [true, false].contains { Rule.ban(bans, logs: $0).expressions == expressions }
        }
        return false
    }
}
