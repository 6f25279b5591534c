public import Addressing

/// The bounds that a list must keep to; a list outside of them is refused.
public struct ListBounds: Hashable, Sendable {
    /// The fewest entries; `nil` for one, or none where the list never had any.
    public var atLeast: Int?
    /// The most entries; `nil` for any number.
    public var atMost: Int?
    /// The part of the last good list that may be missing, in percent; `nil` for any part.
    public var shrink: Int?
    /// The widths that no entry exceeds; `nil` for any.
    public var widest: PrefixLengths?

    /// Bounds of these parts; none unless given.
    public init(
        atLeast: Int? = nil, atMost: Int? = nil, shrink: Int? = nil, widest: PrefixLengths? = nil
    ) {
        self.atLeast = atLeast
        self.atMost = atMost
        self.shrink = shrink
        self.widest = widest
    }

    /// Whether there is none.
    public var isEmpty: Bool { self == ListBounds() }
}

/// A prefix length of each family, as a bound of the width of entries.
public struct PrefixLengths: Hashable, Sendable {
    /// The length for IPv4: 0 to 32.
    public var ipv4: Int
    /// The length for IPv6: 0 to 128.
    public var ipv6: Int

    /// Lengths of these parts.
    public init(ipv4: Int, ipv6: Int) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
    }

    /// The widest prefixes that registries give to a network: a wider entry of a block list is a mistake.
    public static let usual = PrefixLengths(ipv4: 8, ipv6: 19)

    /// Whether a range has more addresses than a prefix of this length.
    func isExceeded(by range: ClosedRange<UInt32>) -> Bool {
        range.upperBound - range.lowerBound > UInt32.max >> ipv4
    }

    /// Whether a range has more addresses than a prefix of this length.
    func isExceeded(by range: ClosedRange<UInt128>) -> Bool {
        range.upperBound - range.lowerBound > UInt128.max >> ipv6
    }

    /// Whether a range has more addresses than a prefix of its family's length.
    public func isExceeded(by range: AddressRange) -> Bool {
        switch range {
        case .ipv4(let range): isExceeded(by: range)
        case .ipv6(let range): isExceeded(by: range)
        }
    }

    /// The length for a family, as text: `/8`.
    public func text(_ family: AddressFamily) -> String { "/\(family == .ipv4 ? ipv4 : ipv6)" }
}

/// A list file that groups name.
public struct ListFile: Hashable, Sendable {
    /// The path.
    public var path: String
    /// The location of the path in the policy.
    public var location: SourceLocation
    /// The groups that name it.
    public var groups: [String]
    /// The bounds.
    public var bounds: ListBounds
    /// The number of entries, some of which may be equal or overlap.
    public var count: Int
    /// Whether `deny` covers an entry that is wider than block lists have, and no bound allows it.
    public var hasWideDenial = false

    /// A list of these parts.
    public init(path: String, location: SourceLocation, groups: [String], bounds: ListBounds, count: Int) {
        self.path = path
        self.location = location
        self.groups = groups
        self.bounds = bounds
        self.count = count
    }
}

/// A list that cannot be used, where the list is known as it was when the policy was applied last.
public struct ListRefusal: Hashable, Sendable {
    /// The path.
    public var path: String
    /// The location of the path in the policy.
    public var location: SourceLocation
    /// The group that names it.
    public var group: String
    /// The reason in one sentence.
    public var reason: String

    /// A refusal of these parts.
    public init(path: String, location: SourceLocation, group: String, reason: String) {
        self.path = path
        self.location = location
        self.group = group
        self.reason = reason
    }
}
