import Addressing
import Glibc

/// A socket for tests, closed with the value.
final class TestSocket {
    /// Options at opening, besides the address.
    enum Option {
        case isIPv6Only(Bool)
        case reusesPort
        case device(String)
    }

    /// A system call that failed.
    struct Failure: Error {
        let call: String
        let code: Int32
    }

    private let descriptor: Int32
    private var isOpen = true

    /// Binds a socket to a numeric address, and listens on it where the protocol has that.
    init(
        _ transport: TransportProtocol, _ address: String, _ port: UInt16, _ options: Option..., listens: Bool = true
    ) throws {
        let isStream = transport == .tcp
        let family = address.contains(":") ? AF_INET6 : AF_INET
        let kind = Int32((isStream ? SOCK_STREAM : SOCK_DGRAM).rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = Glibc.socket(family, kind, Int32(transport.rawValue))
        try Self.check("socket", descriptor)
        for option in options { try set(option) }
        try unsafe Self.withAddress(address, port) { try Self.check("bind", unsafe bind(descriptor, $0, $1)) }
        if isStream && listens { try Self.check("listen", listen(descriptor, 8)) }
    }

    deinit { shut() }

    /// Closes the socket early, and with it connections that are not accepted.
    func shut() {
        if isOpen { close(descriptor) }
        isOpen = false
    }

    /// Connects the socket: a datagram socket then receives from its peer only.
    func connect(to address: String, _ port: UInt16) throws {
        try unsafe Self.withAddress(address, port) {
            try Self.check("connect", unsafe Glibc.connect(descriptor, $0, $1))
        }
    }

    /// Sends one byte to the peer.
    func send() throws { try Self.check("send", Int32(unsafe Glibc.send(descriptor, [1], 1, Int32(MSG_NOSIGNAL)))) }

    /// The inode number in `/proc`.
    var inode: UInt64 {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    private func set(_ option: Option) throws {
        switch option {
        case .isIPv6Only(let isOn): try set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, isOn ? 1 : 0)
        case .reusesPort: try set(SOL_SOCKET, SO_REUSEPORT, 1)
        case .device(let name):
            let code = unsafe setsockopt(
                descriptor, SOL_SOCKET, SO_BINDTODEVICE, name, socklen_t(name.utf8.count))
            try Self.check("SO_BINDTODEVICE", code)
        }
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) throws {
        var value = value
        let length = socklen_t(MemoryLayout<Int32>.size)
        try Self.check("setsockopt", unsafe setsockopt(descriptor, level, option, &value, length))
    }

    private static func check(_ call: String, _ code: Int32) throws {
        guard code >= 0 else { throw Failure(call: call, code: errno) }
    }

    private static func withAddress(
        _ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>?, socklen_t) throws -> Void
    ) throws {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(address, "\(port)", &hints, &found)
        guard code == 0, let first = unsafe found else { throw Failure(call: "getaddrinfo", code: code) }
        defer { unsafe freeaddrinfo(first) }
        try unsafe body(first.pointee.ai_addr, first.pointee.ai_addrlen)
    }
}
