/// The elements of a set.
///
/// Addresses, which come by the hundred thousand, are flat arrays of ranges; all else is a list. There is one
/// representation for a given set: `ranges32` or `ranges128` when `SetDefinition.holdsRanges` says so and each
/// element is a plain range, else `list`.
public enum SetElements: Hashable, Sendable {
    /// Ranges of 4-byte keys in host order: ascending and disjoint, perhaps adjacent.
    case ranges32([ClosedRange<UInt32>])
    /// Ranges of 16-byte keys in host order: ascending and disjoint, perhaps adjacent.
    case ranges128([ClosedRange<UInt128>])
    /// Anything else, in the order of the keys.
    case list([SetElement])

    /// How many elements there are; a range counts once.
    public var count: Int {
        switch self {
        case .ranges32(let ranges): ranges.count
        case .ranges128(let ranges): ranges.count
        case .list(let elements): elements.count
        }
    }

    /// Whether there is none.
    public var isEmpty: Bool { count == 0 }

    /// Whether the elements are held as a list: they are more than ranges.
    public var isList: Bool {
        if case .list = self { true } else { false }
    }

    /// Whether both are held in the same representation.
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

    /// The chain that each element's verdict leads to, if it has one.
    public var targets: [String?] {
        guard case .list(let elements) = self else { return Array(repeating: nil, count: count) }
        return elements.map(\.target)
    }
}

extension SetDefinition {
    /// Whether elements are held as flat ranges: an interval set of one 4-byte or 16-byte key without values.
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

/// An element that is more than a range of addresses.
public struct SetElement: Hashable, Sendable {
    /// A map's value.
    public enum Value: Hashable, Sendable {
        /// A verdict.
        case verdict(Verdict)
        /// Bytes, in memory order.
        case bytes([UInt8])
    }

    /// The key, or the lower end of a range of keys, in memory order; empty for the catch-all element.
    public var key: [UInt8]
    /// The upper end of a range of keys, included; `nil` for a single key of a set without ranges.
    public var upper: [UInt8]?
    /// `NFT_SET_ELEM_…` flags: 2 is the catch-all; 1 is a lone end of a range, a sign of tampering.
    public var flags: UInt32
    /// The map's value.
    public var value: Value?
    /// How long it lives from its adding, in milliseconds; what is left of it is state.
    public var timeout: UInt64?
    /// What the element runs.
    public var expressions: [Expression]
    /// The type-length-value data that nft keeps a comment in.
    public var userdata: [UInt8]
    /// Attributes that are not modelled, as the kernel sent them.
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
