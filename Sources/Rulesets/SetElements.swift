/// The elements of a set.
///
/// Sets of addresses, which may have hundreds of thousands of elements, are flat arrays of ranges; all others are lists.
/// Each set has exactly one representation: `ranges32` or `ranges128` if `SetDefinition.holdsRanges` is true and each
/// element is a plain range, else `list`.
public enum SetElements: Hashable, Sendable {
    /// Ranges of 4-byte keys in host byte order: ascending and disjoint, perhaps adjacent.
    case ranges32([ClosedRange<UInt32>])
    /// Ranges of 16-byte keys in host byte order: ascending and disjoint, perhaps adjacent.
    case ranges128([ClosedRange<UInt128>])
    /// Any other elements, in the order of the keys.
    case list([SetElement])

    /// The number of elements; a range counts as one.
    public var count: Int {
        switch self {
        case .ranges32(let ranges): ranges.count
        case .ranges128(let ranges): ranges.count
        case .list(let elements): elements.count
        }
    }

    /// Whether there are no elements.
    public var isEmpty: Bool { count == 0 }

    /// Whether the representation is `list`.
    public var isList: Bool {
        if case .list = self { true } else { false }
    }

    /// Whether both have the same representation.
    public func isSameForm(as other: SetElements) -> Bool {
        switch (self, other) {
        case (.ranges32, .ranges32), (.ranges128, .ranges128), (.list, .list): true
        default: false
        }
    }

    /// The first `maximum` elements.
    public func prefix(_ maximum: Int) -> SetElements {
        switch self {
        case .ranges32(let ranges): .ranges32(Array(ranges.prefix(maximum)))
        case .ranges128(let ranges): .ranges128(Array(ranges.prefix(maximum)))
        case .list(let elements): .list(Array(elements.prefix(maximum)))
        }
    }

    /// For each element the chain of its jump or goto; `nil` for none.
    public var targets: [String?] {
        guard case .list(let elements) = self else { return Array(repeating: nil, count: count) }
        return elements.map(\.target)
    }
}

extension SetDefinition {
    /// Whether elements are flat ranges: in an interval set with a single 4-byte or 16-byte key and no values.
    public var holdsRanges: Bool {
        flags.contains(.interval) && flags.isDisjoint(with: [.map, .object, .concatenated, .dynamic, .timeout])
            && (keyLength == 4 || keyLength == 16)
    }

    /// No elements, in the representation of this set.
    public var noElements: SetElements {
        guard holdsRanges else { return .list([]) }
        return keyLength == 4 ? .ranges32([]) : .ranges128([])
    }
}

/// An element of a list.
public struct SetElement: Hashable, Sendable {
    /// The value of an element of a map.
    public enum Value: Hashable, Sendable {
        /// A verdict.
        case verdict(Verdict)
        /// Data, in memory order.
        case bytes([UInt8])
    }

    /// The key, or the lower end of a range of keys, in memory order; empty for the catch-all element.
    public var key: [UInt8]
    /// The upper end of a range of keys, included, in memory order; `nil` for a single key of a set without ranges.
    public var upper: [UInt8]?
    /// `NFT_SET_ELEM_…` flags: 2 is the catch-all element; 1 is the end of a range without a start, a sign of tampering.
    public var flags: UInt32
    /// The value in a map; `nil` in a set.
    public var value: Value?
    /// The timeout since it was added, in milliseconds; the remaining time is state.
    public var timeout: UInt64?
    /// The expressions of the element.
    public var expressions: [Expression]
    /// The user data of nft in type-length-value form, which may hold a comment.
    public var userdata: [UInt8]
    /// The netlink attributes that are not modelled, as the kernel sent them.
    public var unrecognized: [UInt8]

    /// An element of these parts.
    public init(
        key: [UInt8], upper: [UInt8]? = nil, flags: UInt32 = 0, value: Value? = nil, timeout: UInt64? = nil,
        expressions: [Expression] = [], userdata: [UInt8] = [], unrecognized: [UInt8] = []
    ) {
        self.key = key
        self.upper = upper
        self.flags = flags
        self.value = value
        self.timeout = timeout
        self.expressions = expressions
        self.userdata = userdata
        self.unrecognized = unrecognized
    }
}

extension Array where Element == SetElement {
    /// The elements in the order of their keys; of equal keys, the end of a range comes before a start.
    public func sortedByKey() -> [SetElement] {
        sorted { first, second in
            first.key == second.key ? first.flags > second.flags : first.key.lexicographicallyPrecedes(second.key)
        }
    }
}
