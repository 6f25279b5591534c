/// A look-up of a register in a set or a map.
public struct Lookup: Hashable, Sendable {
    /// The set that a look-up goes to.
    public indirect enum Target: Hashable, Sendable {
        /// A set of the table, by name.
        case named(String)
        /// A set that lives and dies with the rule.
        case anonymous(AnonymousSet)
    }

    /// The set.
    public var set: Target
    /// The register that is looked up.
    public var source: Register
    /// The register that the map's value goes to, `.verdict` for a verdict map; `nil` for a set.
    public var destination: Register?
    /// Whether the rule goes on when the element is absent.
    public var isInverted: Bool

    /// A look-up of these parts.
    public init(
        _ set: Target, source: Register = .first, destination: Register? = nil, isInverted: Bool = false
    ) {
        self.set = set
        self.source = source
        self.destination = destination
        self.isInverted = isInverted
    }
}

/// An insertion into a set from the packet path.
public struct DynamicSet: Hashable, Sendable {
    /// What is done, by `NFT_DYNSET_OP_…`.
    public enum Operation: UInt32, Hashable, Sendable {
        /// Add unless present.
        case add = 0
        /// Add, or renew the timeout.
        case update = 1
        /// Delete.
        case delete = 2
    }

    /// What is done.
    public var operation: Operation
    /// The name of the set.
    public var set: String
    /// The register that holds the key.
    public var key: Register
    /// The timeout of the element in milliseconds; `nil` for the set's own.
    public var timeout: UInt64?
    /// What each element runs, such as a limit.
    public var expressions: [Expression]

    /// An insertion of these parts.
    public init(
        _ operation: Operation, set: String, key: Register = .first, timeout: UInt64? = nil,
        expressions: [Expression] = []
    ) {
        self.operation = operation
        self.set = set
        self.key = key
        self.timeout = timeout
        self.expressions = expressions
    }
}

/// A constant for a data register.
public struct Immediate: Hashable, Sendable {
    /// The register.
    public var destination: Register
    /// The constant, in memory order.
    public var value: [UInt8]

    /// A load of these parts.
    public init(_ value: [UInt8], into destination: Register = .first) {
        self.destination = destination
        self.value = value
    }
}

/// A rate, matched while it is kept.
public struct RateLimit: Hashable, Sendable {
    /// How many in one `unit`.
    public var rate: UInt64
    /// The span in seconds.
    public var unit: UInt64
    /// How many beyond the rate may come at once.
    public var burst: UInt32
    /// Whether bytes are counted, not packets.
    public var countsBytes: Bool
    /// Whether it matches what is over the rate.
    public var isOver: Bool

    /// A limit of these parts.
    public init(rate: UInt64, unit: UInt64, burst: UInt32 = 5, countsBytes: Bool = false, isOver: Bool = false) {
        self.rate = rate
        self.unit = unit
        self.burst = burst
        self.countsBytes = countsBytes
        self.isOver = isOver
    }
}

/// A line in the kernel's log.
public struct LogStatement: Hashable, Sendable {
    /// What the line starts with: at most 127 bytes.
    public var prefix: String?
    /// The syslog level, 4 (warning) unless chosen.
    public var level: UInt32
    /// `NF_LOG_…` flags.
    public var flags: UInt32

    /// A statement of these parts.
    public init(prefix: String?, level: UInt32 = 4, flags: UInt32 = 0) {
        self.prefix = prefix
        self.level = level
        self.flags = flags
    }
}

/// An error that a refused packet is answered with, by `NFT_REJECT_…`.
public struct Reject: Hashable, Sendable {
    /// The kind of answer: 0 an ICMP error of the family, 1 a TCP reset, 2 an ICMP error of either family.
    public var type: UInt32
    /// The code for kinds 0 and 2.
    public var code: UInt8

    /// An answer of these parts.
    public init(type: UInt32, code: UInt8 = 0) {
        self.type = type
        self.code = code
    }

    /// RFC 9293 3.5.2: a TCP reset.
    public static let tcpReset = Self(type: 1)
    /// RFC 1812 5.2.7.1 code 13, RFC 4443 3.1 code 1: administratively prohibited.
    public static let adminProhibited = Self(type: 2, code: 3)
}
