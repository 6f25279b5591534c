public import Addressing

/// One end of a connection.
public struct Endpoint: Hashable, Sendable {
    /// The address; an IPv4-mapped address is held as IPv4.
    public var address: IPAddress
    /// The port in host byte order.
    public var port: UInt16

    /// An endpoint of these parts.
    public init(_ address: IPAddress, _ port: UInt16) {
        self.address = address
        self.port = port
    }
}

extension Endpoint: CustomStringConvertible {
    /// `192.0.2.1:443` or `[2001:db8::1]:443`, RFC 3986 3.2.2.
    public var description: String {
        switch address {
        case .ipv4: "\(address):\(port)"
        case .ipv6: "[\(address)]:\(port)"
        }
    }
}

/// A TCP socket of this host that can still receive or send.
public struct EstablishedConnection: Hashable, Sendable {
    /// This host's end.
    public var local: Endpoint
    /// The other end.
    public var remote: Endpoint
    /// The interface that the socket is bound to, by `SO_BINDTODEVICE` or the scope of its address; `nil` for any.
    public var interface: String?
    /// The index of that interface; 0 for any.
    public var interfaceIndex: UInt32
    /// The user that created the socket.
    public var userID: UInt32
    /// The inode number of the socket, as in the links of `/proc/PID/fd`; 0 if no process holds it any more.
    public var inode: UInt64
    /// The cgroup in which it was created: the inode number of its cgroup2 directory; `nil` before kernel 5.8.
    public var cgroup: UInt64?
    /// The kernel's identifier of the socket, unique until the next boot.
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
