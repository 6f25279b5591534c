/// A comparison of a register with a constant as bytes in memory order, `cmp`.
public struct Comparison: Hashable, Sendable {
    /// The operator, `NFT_CMP_…` of `linux/netfilter/nf_tables.h`.
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

    /// The operator.
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

    /// A test of the first register for equality.
    public init(_ value: [UInt8]) { self.init(.equal, value) }
}

/// A comparison of a register with a range of constants, `range`.
public struct RangeComparison: Hashable, Sendable {
    /// Whether the register must be outside the range.
    public var isInverted: Bool
    /// The register.
    public var source: Register
    /// The lower end, included, in memory order.
    public var lower: [UInt8]
    /// The upper end, included, in memory order.
    public var upper: [UInt8]

    /// A comparison of these parts.
    public init(isInverted: Bool, source: Register, lower: [UInt8], upper: [UInt8]) {
        self.isInverted = isInverted
        self.source = source
        self.lower = lower
        self.upper = upper
    }
}

/// `destination = (source & mask) ^ xor`, the boolean form of `bitwise`; masks in memory order.
public struct BitwiseMask: Hashable, Sendable {
    /// The register to read.
    public var source: Register
    /// The register to write.
    public var destination: Register
    /// The bits to keep.
    public var mask: [UInt8]
    /// The bits to flip after that; as long as `mask`.
    public var xor: [UInt8]

    /// A mask of these parts; without `xor` it flips no bits.
    public init(mask: [UInt8], xor: [UInt8]? = nil, source: Register = .first, destination: Register = .first) {
        self.source = source
        self.destination = destination
        self.mask = mask
        self.xor = xor ?? Array(repeating: 0, count: mask.count)
    }
}

/// A conversion between host and network byte order, `byteorder`.
public struct ByteOrderConversion: Hashable, Sendable {
    /// Whether it converts from host to network order (`NFT_BYTEORDER_HTON`); otherwise from network to host order.
    public var toNetwork: Bool
    /// The register to read.
    public var source: Register
    /// The register to write.
    public var destination: Register
    /// The number of bytes to convert.
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
