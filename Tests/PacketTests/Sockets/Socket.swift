import Addressing
import Glibc

/// A system call on a socket or a namespace failed.
struct SystemCallError: Error, CustomStringConvertible {
    /// The attempt.
    var attempt: String
    /// The error number.
    var code: Int32

    /// The error of this thread's last call.
    static func last(_ attempt: String) -> Self { Self(attempt: attempt, code: errno) }

    var description: String { "\(attempt): \(unsafe String(cString: strerror(code)))" }
}

/// A non-blocking socket; it stays in the network namespace in which it was opened.
final class Socket {
    /// The protocol of a socket.
    enum Kind: Equatable {
        case tcp
        case udp
        /// The protocol of this number, without the kernel's handling of its header; needs CAP_NET_RAW.
        case raw(UInt8)
    }

    /// The time to wait for an expected event, in milliseconds: long enough for a busy machine.
    static let patience: Int32 = 30_000

    let descriptor: Int32
    let family: AddressFamily

    /// Opens a socket in the calling thread's network namespace.
    init(_ kind: Kind, _ family: AddressFamily) throws {
        let (type, number) =
            switch kind {
            case .tcp: (SOCK_STREAM, Int32(0))
            case .udp: (SOCK_DGRAM, Int32(0))
            case .raw(let number): (SOCK_RAW, Int32(number))
            }
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = socket(family == .ipv4 ? AF_INET : AF_INET6, Int32(type.rawValue) | flags, number)
        self.family = family
        guard descriptor >= 0 else { throw SystemCallError.last("opening a socket") }
    }

    fileprivate init(accepted descriptor: Int32, _ family: AddressFamily) {
        self.descriptor = descriptor
        self.family = family
    }

    deinit { close(descriptor) }

    /// A socket that receives packets to the port, on every address of both families.
    static func listening(_ kind: Kind, on port: UInt16) throws -> Socket {
        let socket = try Socket(kind, .ipv6)
        try socket.set(IPPROTO_IPV6_LEVEL, IPV6_V6ONLY, 0)
        try socket.bind(to: .any(port))
        if kind == .tcp {
            guard listen(socket.descriptor, SOMAXCONN) == 0 else { throw SystemCallError.last("listening") }
        }
        return socket
    }

    /// Sets an option with a numeric value.
    func set(_ level: Int32, _ option: Int32, _ value: Int32) throws {
        var value = value
        let status = unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        guard status == 0 else { throw SystemCallError.last("setting a socket's option") }
    }

    /// Binds the socket to an address, which need not exist on an interface.
    func bind(to endpoint: Endpoint) throws {
        if family == .ipv6 { try set(IPPROTO_IPV6_LEVEL, IPV6_FREEBIND, 1) }
        let status = unsafe endpoint.withSocketAddress { unsafe Glibc.bind(descriptor, $0, $1) }
        guard status == 0 else { throw SystemCallError.last("binding to \(endpoint.address) port \(endpoint.port)") }
    }

    /// Starts to connect; returns the error number, 0 if connected or in progress.
    func connect(to endpoint: Endpoint) -> Int32 {
        let status = unsafe endpoint.withSocketAddress { unsafe Glibc.connect(descriptor, $0, $1) }
        return status == 0 || errno == EINPROGRESS ? 0 : errno
    }

    /// The pending error of the socket; reading clears it.
    func takeError() -> Int32 { option(SOL_SOCKET, SO_ERROR) ?? 0 }

    /// The numeric value of an option.
    func option(_ level: Int32, _ option: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, level, option, &value, &length) == 0 ? value : nil
    }

    /// Waits for events of `poll.h`, with errors; returns whether one came in time.
    func wait(for events: Int32, milliseconds: Int32 = Socket.patience) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }
}

/// `IPPROTO_IPV6` as a level of options.
let IPPROTO_IPV6_LEVEL = Int32(IPPROTO_IPV6)

extension Socket {
    /// The next waiting connection, and its peer.
    func accept() -> (Socket, Endpoint)? {
        var accepted: Int32 = -1
        let peer = unsafe Endpoint { address, length in
            accepted = unsafe Glibc.accept(descriptor, address, length)
            return accepted >= 0
        }
        guard let peer else { return nil }
        _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
        // Not inherited: a program that a test starts would keep the connection open.
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return (Socket(accepted: accepted, peer.address.family), peer)
    }

    /// Sends the bytes to the connected peer or to `endpoint`; returns the error number, 0 for none.
    @discardableResult
    func send(_ bytes: [UInt8], to endpoint: Endpoint? = nil) -> Int32 {
        let count: Int
        if let endpoint {
            count = unsafe endpoint.withSocketAddress {
                unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, $1)
            }
        } else {
            count = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
        return count < 0 ? errno : 0
    }

    /// The next datagram and its sender; `nil` if none is waiting.
    func receive() -> (bytes: [UInt8], from: Endpoint)? {
        var bytes = [UInt8](repeating: 0, count: 2048)
        var count = -1
        let source = unsafe Endpoint { address, length in
            count = unsafe recvfrom(descriptor, &bytes, bytes.count, 0, address, length)
            return count >= 0
        }
        return source.map { (Array(bytes.prefix(count)), $0) }
    }

    /// Makes `close` send a reset, so that neither side keeps state of the connection.
    func resetsOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
}

extension Socket {
    /// The socket's local address and port.
    var endpoint: Endpoint? {
        unsafe Endpoint { address, length in unsafe getsockname(descriptor, address, length) == 0 }
    }
}
