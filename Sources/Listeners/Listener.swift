public import Addressing

/// A socket that others can connect to or send to: TCP in LISTEN, or an unconnected datagram socket.
public struct Listener: Hashable, Sendable {
    /// The address that a socket is bound to.
    public enum Address: Hashable, Sendable {
        /// An IPv4 address, in host order; 0 for every one.
        case ipv4(UInt32)
        /// An IPv6 address, in host order; 0 for every one. IPv4-mapped addresses come as `ipv4`.
        case ipv6(UInt128)
    }

    /// The protocol.
    public var transport: TransportProtocol
    /// The address that it is bound to.
    public var address: Address
    /// The port, host order.
    public var port: UInt16
    /// Whether an IPv6 socket on every address takes IPv4, too: bound to `::` without `IPV6_V6ONLY` (RFC 3493 5.3).
    public var isDualStack: Bool
    /// The interface that it is bound to, by `SO_BINDTODEVICE` or the scope of its address; `nil` for all.
    public var interface: String?
    /// The user that made the socket.
    public var userID: UInt32
    /// The socket's inode number, by which `/proc/PID/fd` names it; 0 where the kernel owns it.
    public var inode: UInt64
    /// The cgroup that it was made in: its directory's inode number in cgroup2; `nil` before kernel 5.8.
    public var cgroup: UInt64?
    /// Who holds it.
    public var owners: Owners

    /// A listener of these parts.
    public init(
        transport: TransportProtocol, address: Address, port: UInt16, isDualStack: Bool = false,
        interface: String? = nil, userID: UInt32 = 0, inode: UInt64 = 0, cgroup: UInt64? = nil,
        owners: Owners = .notAsked
    ) {
        self.transport = transport
        self.address = address
        self.port = port
        self.isDualStack = isDualStack
        self.interface = interface
        self.userID = userID
        self.inode = inode
        self.cgroup = cgroup
        self.owners = owners
    }

    /// The families that it takes connections of.
    public var families: [AddressFamily] {
        switch address {
        case .ipv4: [.ipv4]
        case .ipv6: isDualStack ? [.ipv4, .ipv6] : [.ipv6]
        }
    }

    /// Whether only this host itself can reach it: 127.0.0.0/8 (RFC 1122 3.2.1.3), ::1 (RFC 4291 2.5.3), or `lo`.
    public var isLoopbackOnly: Bool {
        if interface == "lo" { return true }
        return switch address {
        case .ipv4(let value): value >> 24 == 127
        case .ipv6(let value): value == 1
        }
    }

    /// Whether it is bound to every address of its family.
    public var isWildcard: Bool {
        switch address {
        case .ipv4(let value): value == 0
        case .ipv6(let value): value == 0
        }
    }
}

extension Listener.Address: CustomStringConvertible {
    /// The address as a policy writes it.
    public var description: String {
        switch self {
        case .ipv4(let value): IPv4Address(value: value).description
        case .ipv6(let value): IPv6Address(value: value).description
        }
    }
}
