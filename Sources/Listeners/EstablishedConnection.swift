/// One end of a connection.
public struct Endpoint: Hashable, Sendable {
    /// The address; IPv4-mapped ones come as IPv4.
    public var address: Listener.Address
    /// The port, host order.
    public var port: UInt16

    /// An end of these parts.
    public init(_ address: Listener.Address, _ port: UInt16) {
        self.address = address
        self.port = port
    }
}

extension Endpoint: CustomStringConvertible {
    /// `192.0.2.1:443`, `[2001:db8::1]:443`, as RFC 3986 3.2.2 writes it.
    public var description: String {
        switch address {
        case .ipv4: "\(address):\(port)"
        case .ipv6: "[\(address)]:\(port)"
        }
    }
}

/// A TCP socket of this host that bytes can still come in through, or go out.
public struct EstablishedConnection: Hashable, Sendable {
    /// This host's end.
    public var local: Endpoint
    /// The other end.
    public var remote: Endpoint
    /// The interface that it is bound to, by `SO_BINDTODEVICE` or the scope of its address; `nil` for any.
    public var interface: String?
    /// The index of that interface; 0 for any.
    public var interfaceIndex: UInt32
    /// The user that made the socket.
    public var userID: UInt32
    /// The socket's inode number, by which `/proc/PID/fd` names it; 0 where no process holds it any more.
    public var inode: UInt64
    /// The cgroup that it was made in: its directory's inode number in cgroup2; `nil` before kernel 5.8.
    public var cgroup: UInt64?
    /// The kernel's own number for the socket, which no other gets until the next boot.
    public var cookie: UInt64

    /// A connection of these parts.
    public init(
        local: Endpoint, remote: Endpoint, interface: String? = nil, interfaceIndex: UInt32 = 0, userID: UInt32 = 0,
        inode: UInt64 = 0, cgroup: UInt64? = nil, cookie: UInt64 = 0
    ) {
        self.local = local
        self.remote = remote
        self.interface = interface
        self.interfaceIndex = interfaceIndex
        self.userID = userID
        self.inode = inode
        self.cgroup = cgroup
        self.cookie = cookie
    }
}
