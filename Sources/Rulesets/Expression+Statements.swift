/// A look-up of a register in a set or a map, `lookup`.
public struct Lookup: Hashable, Sendable {
    /// The set of a look-up.
    public indirect enum Target: Hashable, Sendable {
        /// A set of the table with this name.
        case named(String)
        /// An anonymous set, which belongs to the rule.
        case anonymous(AnonymousSet)
    }

    /// The set.
    public var set: Target
    /// The register to look up.
    public var source: Register
    /// The register for the value of a map, `.verdict` for a verdict map; `nil` for a set.
    public var destination: Register?
    /// Whether the rule goes on if the element is absent.
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

/// An update of a set from the packet path, `dynset`.
public struct DynamicSet: Hashable, Sendable {
    /// The operation, `NFT_DYNSET_OP_…`.
    public enum Operation: UInt32, Hashable, Sendable {
        /// Add the element unless it is present.
        case add = 0
        /// Add the element, or renew its timeout.
        case update = 1
        /// Delete the element.
        case delete = 2
    }

    /// The operation.
    public var operation: Operation
    /// The name of the set.
    public var set: String
    /// The register that holds the key.
    public var key: Register
    /// The timeout of the element in milliseconds; `nil` for the timeout of the set.
    public var timeout: UInt64?
    /// The expressions of each element, such as a limit.
    public var expressions: [Expression]

    /// An update of these parts.
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

/// A load of a constant into a register, `immediate`.
public struct Immediate: Hashable, Sendable {
    /// The register to write.
    public var destination: Register
    /// The constant, in memory order.
    public var value: [UInt8]

    /// A load of these parts.
    public init(_ value: [UInt8], into destination: Register = .first) {
        self.destination = destination
        self.value = value
    }
}

/// A match on a rate of packets or bytes, `limit`.
public struct RateLimit: Hashable, Sendable {
    /// The packets or bytes in one `unit`.
    public var rate: UInt64
    /// The unit of time in seconds.
    public var unit: UInt64
    /// The packets or bytes at once before `rate` applies.
    public var burst: UInt32
    /// Whether it counts bytes; otherwise packets.
    public var countsBytes: Bool
    /// Whether it matches above the rate; otherwise up to the rate.
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

/// A match on the number of connections at once, `connlimit`.
public struct ConnectionCount: Hashable, Sendable {
    /// The number.
    public var count: UInt32
    /// Whether it matches above the number; otherwise up to it.
    public var isOver: Bool

    /// A count of these parts.
    public init(_ count: UInt32, isOver: Bool) {
        self.count = count
        self.isOver = isOver
    }
}

/// A message to the kernel's log, or to the listener of a group of nfnetlink_log, `log`.
public struct LogStatement: Hashable, Sendable {
    /// The start of the message, at most 127 bytes; `nil` for none.
    public var prefix: String?
    /// The syslog level; 4 is warning.
    public var level: UInt32
    /// `NF_LOG_…` flags.
    public var flags: UInt32
    /// The group, which has neither level nor flags; `nil` for the kernel's log.
    public var group: UInt16?

    /// The flag for the numbers of the socket's user and group: `NF_LOG_UID` of `linux/netfilter/nf_log.h`.
    public static let user: UInt32 = 8

    /// A statement of these parts.
    public init(prefix: String?, level: UInt32 = 4, flags: UInt32 = 0, group: UInt16? = nil) {
        self.prefix = prefix
        self.level = level
        self.flags = flags
        self.group = group
    }
}

/// A drop with an error message to the sender, `reject`.
public struct Reject: Hashable, Sendable {
    /// `NFT_REJECT_…`: 0 an ICMP error of the table's family, 1 a TCP reset, 2 an ICMP error of either family.
    public var type: UInt32
    /// The ICMP code of type 0, or `NFT_REJECT_ICMPX_…` of type 2.
    public var code: UInt8

    /// A reject of these parts.
    public init(type: UInt32, code: UInt8 = 0) {
        self.type = type
        self.code = code
    }

    /// A TCP reset, RFC 9293 3.5.2.
    public static let tcpReset = Self(type: 1)
    /// Administratively prohibited: code 13 of RFC 1812 5.2.7.1, code 1 of RFC 4443 3.1.
    public static let adminProhibited = Self(type: 2, code: 3)
}
