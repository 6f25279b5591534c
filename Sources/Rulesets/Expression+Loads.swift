/// What `meta` loads, by `NFT_META_…` of `linux/netfilter/nf_tables.h`.
public struct MetaKey: RawRepresentable, Hashable, Sendable {
    /// The number.
    public var rawValue: UInt32

    /// The key of this number, known or not.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The index of the input interface: 4 bytes, host order.
    public static let inputInterface = Self(rawValue: 4)
    /// The name of the input interface: 16 bytes, NUL-padded.
    public static let inputInterfaceName = Self(rawValue: 6)
    /// `NFPROTO_…`: 1 byte.
    public static let networkProtocol = Self(rawValue: 15)
    /// `IPPROTO_…`: 1 byte.
    public static let transportProtocol = Self(rawValue: 16)
    /// The time in nanoseconds since 1970-01-01T00:00:00Z: 8 bytes, host order; kernel 5.4 or later.
    public static let time = Self(rawValue: 30)
}

/// A load of packet bytes.
public struct Payload: Hashable, Sendable {
    /// Where offsets count from, by `NFT_PAYLOAD_…`.
    public struct Base: RawRepresentable, Hashable, Sendable {
        /// The number.
        public var rawValue: UInt32

        /// The base of this number, known or not.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The link-layer header.
        public static let linkLayer = Self(rawValue: 0)
        /// The network header.
        public static let network = Self(rawValue: 1)
        /// The transport header.
        public static let transport = Self(rawValue: 2)
    }

    /// Where `offset` counts from.
    public var base: Base
    /// The first byte.
    public var offset: UInt32
    /// The number of bytes.
    public var length: UInt32
    /// The register they go to.
    public var destination: Register

    /// A load of these parts.
    public init(base: Base, offset: UInt32, length: UInt32, into destination: Register = .first) {
        self.base = base
        self.offset = offset
        self.length = length
        self.destination = destination
    }
}

/// A load of a property of the connection.
public struct ConntrackLoad: Hashable, Sendable {
    /// What is loaded, by `NFT_CT_…`.
    public struct Key: RawRepresentable, Hashable, Sendable {
        /// The number.
        public var rawValue: UInt32

        /// The key of this number, known or not.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The state as a bit: 4 bytes, host order; see `ConntrackState`.
        public static let state = Self(rawValue: 0)
        /// 0 for the original direction, 1 for replies: 1 byte.
        public static let direction = Self(rawValue: 1)
        /// `IPS_…` of `nf_conntrack_common.h`: 4 bytes, host order.
        public static let status = Self(rawValue: 2)
        /// The destination port: 2 bytes, network order.
        public static let destinationPort = Self(rawValue: 12)
    }

    /// What is loaded.
    public var key: Key
    /// Whose view is meant: 0 the original direction's, 1 the reply's; `nil` where there is but one.
    public var direction: UInt8?
    /// The register it goes to.
    public var destination: Register

    /// A load of these parts.
    public init(_ key: Key, direction: UInt8? = nil, into destination: Register = .first) {
        self.key = key
        self.direction = direction
        self.destination = destination
    }
}

/// The bits of `ct state`, `NF_CT_STATE_…_BIT` of `nf_conntrack_common.h`.
public enum ConntrackState {
    /// The packet belongs to no connection and cannot start one.
    public static let invalid: UInt32 = 1
    /// Packets were seen in both directions.
    public static let established: UInt32 = 2
    /// Belongs to another connection, as an ICMP error does.
    public static let related: UInt32 = 4
    /// Starts a connection.
    public static let new: UInt32 = 8
}
