/// The replacement of a connection's address or port, `nat`.
public struct AddressTranslation: Hashable, Sendable {
    /// Which end is replaced, by `NFT_NAT_…`.
    public enum Kind: UInt32, Hashable, Sendable {
        /// The source.
        case source = 0
        /// The destination.
        case destination = 1
    }

    /// Which end is replaced.
    public var kind: Kind
    /// The family of the address, `NFPROTO_…`.
    public var family: UInt32
    /// The registers that hold the first and the last address; `nil` keeps the address.
    public var addresses: RegisterPair?
    /// The registers that hold the first and the last port; `nil` keeps the port.
    public var ports: RegisterPair?
    /// `NF_NAT_RANGE_…` of `linux/netfilter/nf_nat.h`.
    public var flags: UInt32

    /// A replacement of these parts.
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

/// The registers that hold the ends of a range.
public struct RegisterPair: Hashable, Sendable {
    /// The register of the first value.
    public var first: Register
    /// The register of the last value; often the same.
    public var last: Register

    /// The pair of these registers.
    public init(first: Register, last: Register) {
        self.first = first
        self.last = last
    }
}

/// The redirection of a connection to this host itself, `redir`.
public struct PortRedirection: Hashable, Sendable {
    /// The registers that hold the first and the last port; `nil` keeps the port.
    public var ports: RegisterPair?
    /// `NF_NAT_RANGE_…` of `linux/netfilter/nf_nat.h`.
    public var flags: UInt32

    /// A redirection of these parts.
    public init(ports: RegisterPair?, flags: UInt32 = 0) {
        self.ports = ports
        self.flags = flags
    }
}

/// A question to the routing tables, `fib`.
public struct RouteLookup: Hashable, Sendable {
    /// What is asked for, by `NFT_FIB_RESULT_…`.
    public enum Result: UInt32, Hashable, Sendable {
        /// The index of the outgoing interface: 4 bytes, host order.
        case interface = 1
        /// The name of the outgoing interface: 16 bytes.
        case interfaceName = 2
        /// The type of the address, `RTN_…` of `linux/rtnetlink.h`: 4 bytes, host order.
        case addressType = 3
    }

    /// What is asked, `NFTA_FIB_F_…`.
    public struct Flags: OptionSet, Hashable, Sendable {
        /// The bits.
        public var rawValue: UInt32

        /// The flags of these bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// About the source address.
        public static let source = Self(rawValue: 1)
        /// About the destination address.
        public static let destination = Self(rawValue: 2)
        /// Heeding the packet's mark.
        public static let mark = Self(rawValue: 4)
        /// By the interface that the packet came in on alone.
        public static let inputInterface = Self(rawValue: 8)
        /// By the interface that the packet goes out on alone.
        public static let outputInterface = Self(rawValue: 16)
        /// Only whether there is a route: 1 byte.
        public static let isPresent = Self(rawValue: 32)
    }

    /// What is asked for.
    public var result: Result
    /// What is asked.
    public var flags: Flags
    /// The register that the answer goes to.
    public var destination: Register

    /// A question of these parts.
    public init(_ result: Result, flags: Flags, into destination: Register = .first) {
        self.result = result
        self.flags = flags
        self.destination = destination
    }
}
