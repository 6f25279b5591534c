/// A translation of the address or port of a connection, `nat`.
public struct AddressTranslation: Hashable, Sendable {
    /// The translated end, `NFT_NAT_…`.
    public enum Kind: UInt32, Hashable, Sendable {
        /// The source.
        case source = 0
        /// The destination.
        case destination = 1
    }

    /// The translated end.
    public var kind: Kind
    /// The family of the address, `NFPROTO_…`.
    public var family: UInt32
    /// The registers with the first and the last address; `nil` keeps the address.
    public var addresses: RegisterPair?
    /// The registers with the first and the last port; `nil` keeps the port.
    public var ports: RegisterPair?
    /// `NF_NAT_RANGE_…` of `linux/netfilter/nf_nat.h`, without the flags about registers.
    public var flags: UInt32

    /// A translation of these parts.
    public init(
        _ kind: Kind, family: UInt32, addresses: RegisterPair?, ports: RegisterPair? = nil, flags: UInt32 = 0
    ) {
        self.kind = kind
        self.family = family
        self.addresses = addresses
        self.ports = ports
        self.flags = flags
    }
}

/// The registers with the ends of a range.
public struct RegisterPair: Hashable, Sendable {
    /// The register of the first value.
    public var first: Register
    /// The register of the last value; the same register for a single value.
    public var last: Register

    /// The pair of these registers.
    public init(first: Register, last: Register) {
        self.first = first
        self.last = last
    }
}

/// A redirection of a connection to this host, `redir`.
public struct PortRedirection: Hashable, Sendable {
    /// The registers with the first and the last port; `nil` keeps the port.
    public var ports: RegisterPair?
    /// `NF_NAT_RANGE_…` of `linux/netfilter/nf_nat.h`.
    public var flags: UInt32

    /// A redirection of these parts.
    public init(ports: RegisterPair?, flags: UInt32 = 0) {
        self.ports = ports
        self.flags = flags
    }
}

/// A query of the routing tables, `fib`.
public struct RouteLookup: Hashable, Sendable {
    /// The kind of result, `NFT_FIB_RESULT_…`.
    public enum Result: UInt32, Hashable, Sendable {
        /// The index of the output interface: 4 bytes, host byte order.
        case interface = 1
        /// The name of the output interface: 16 bytes, padded with NUL.
        case interfaceName = 2
        /// The type of the address, `RTN_…` of `linux/rtnetlink.h`: 4 bytes, host byte order.
        case addressType = 3
    }

    /// The inputs of the query, `NFTA_FIB_F_…`.
    public struct Flags: OptionSet, Hashable, Sendable {
        /// The bits.
        public var rawValue: UInt32

        /// The flags of these bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Query the source address.
        public static let source = Self(rawValue: 1)
        /// Query the destination address.
        public static let destination = Self(rawValue: 2)
        /// Use the packet's mark.
        public static let mark = Self(rawValue: 4)
        /// Consider only the input interface.
        public static let inputInterface = Self(rawValue: 8)
        /// Consider only the output interface.
        public static let outputInterface = Self(rawValue: 16)
        /// Return only whether there is a route: 1 byte.
        public static let isPresent = Self(rawValue: 32)
    }

    /// The kind of result.
    public var result: Result
    /// The inputs.
    public var flags: Flags
    /// The register to write.
    public var destination: Register

    /// A query of these parts.
    public init(_ result: Result, flags: Flags, into destination: Register = .first) {
        self.result = result
        self.flags = flags
        self.destination = destination
    }
}
