/// A comparison of a register with a constant, byte by byte in memory order.
public struct Comparison: Hashable, Sendable {
    /// How the two must compare, by `NFT_CMP_…`.
    public enum Operator: UInt32, Hashable, Sendable {
        /// Equal.
        case equal = 0
        /// Not equal.
        case notEqual = 1
        /// Less.
        case less = 2
        /// Less or equal.
        case lessOrEqual = 3
        /// Greater.
        case greater = 4
        /// Greater or equal.
        case greaterOrEqual = 5
    }

    /// How the two must compare.
    public var `operator`: Operator
    /// The register.
    public var source: Register
    /// The constant, in memory order.
    public var value: [UInt8]

    /// A comparison of these parts.
    public init(_ operator: Operator, _ value: [UInt8], source: Register = .first) {
        self.operator = `operator`
        self.source = source
        self.value = value
    }

    /// A comparison of the first register for equality.
    public init(_ value: [UInt8]) { self.init(.equal, value) }
}

/// A comparison of a register with two constants, `NFT_RANGE_…`.
public struct RangeComparison: Hashable, Sendable {
    /// Whether the register must lie outside.
    public var isInverted: Bool
    /// The register.
    public var source: Register
    /// The lower end, included.
    public var lower: [UInt8]
    /// The upper end, included.
    public var upper: [UInt8]

    /// A comparison of these parts.
    public init(isInverted: Bool, source: Register, lower: [UInt8], upper: [UInt8]) {
        self.isInverted = isInverted
        self.source = source
        self.lower = lower
        self.upper = upper
    }
}

/// `destination = (source & mask) ^ xor`, the boolean form of `bitwise`.
public struct BitwiseMask: Hashable, Sendable {
    /// The register that is read.
    public var source: Register
    /// The register that is written.
    public var destination: Register
    /// The bits that are kept.
    public var mask: [UInt8]
    /// The bits that are then flipped; as long as `mask`.
    public var xor: [UInt8]

    /// A mask of these parts; nothing is flipped unless given.
    public init(mask: [UInt8], xor: [UInt8]? = nil, source: Register = .first, destination: Register = .first) {
        self.source = source
        self.destination = destination
        self.mask = mask
        self.xor = xor ?? Array(repeating: 0, count: mask.count)
    }
}

/// A conversion between host and network byte order.
public struct ByteOrderConversion: Hashable, Sendable {
    /// Whether it converts from host to network order (`NFT_BYTEORDER_HTON`), not back.
    public var toNetwork: Bool
    /// The register that is read.
    public var source: Register
    /// The register that is written.
    public var destination: Register
    /// The number of bytes.
    public var length: UInt32
    /// The size of each value in bytes: 2, 4 or 8.
    public var size: UInt32

    /// A conversion of these parts.
    public init(
        toNetwork: Bool, length: UInt32, size: UInt32, source: Register = .first, destination: Register = .first
    ) {
        self.toNetwork = toNetwork
        self.source = source
        self.destination = destination
        self.length = length
        self.size = size
    }
}
