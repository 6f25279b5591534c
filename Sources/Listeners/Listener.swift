public import Addressing

/// A socket that clients can connect or send to: TCP in LISTEN, or an unconnected datagram socket.
public struct Listener: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// The address that the socket is bound to.
    public var address: IPAddress
    /// The port in host byte order.
    public var port: UInt16
    /// Whether the socket accepts IPv4, too: an IPv6 socket on `::` without `IPV6_V6ONLY` (RFC 3493 5.3).
    public var isDualStack: Bool
    /// The interface that the socket is bound to, by `SO_BINDTODEVICE` or the scope of its address; `nil` for all.
    public var interface: String?
    /// The user that created the socket.
    public var userID: UInt32
    /// The inode number of the socket, as in the links of `/proc/PID/fd`; 0 if the kernel owns it.
    public var inode: UInt64
    /// The cgroup in which it was created: the inode number of its cgroup2 directory; `nil` before kernel 5.8.
    public var cgroup: UInt64?
    /// The owners of the socket.
    public var owners: Owners
    /// The unit that systemd starts for it, if systemd holds the socket and the unit is known.
    public var activated: ActivatedUnit?

    /// A listener of these parts.
    public init(
        transport: TransportProtocol, address: IPAddress, port: UInt16, isDualStack: Bool = false,
        interface: String? = nil, userID: UInt32 = 0, inode: UInt64 = 0, cgroup: UInt64? = nil,
        owners: Owners = .notAsked, activated: ActivatedUnit? = nil
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
        self.activated = activated
    }

    /// The families of its clients.
    public var families: [AddressFamily] {
        switch address {
        case .ipv4: [.ipv4]
        case .ipv6: isDualStack ? [.ipv4, .ipv6] : [.ipv6]
        }
    }

    /// Whether only this host can reach it: it is bound to a loopback address or to `lo`.
    public var isLoopbackOnly: Bool { interface == "lo" || address.isLoopback }
}
