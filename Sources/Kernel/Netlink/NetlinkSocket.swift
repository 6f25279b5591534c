internal import Addressing
internal import CMnl
internal import Glibc
internal import Synchronization
internal import System

/// A netlink socket of one subsystem, closed when the value goes out of scope: `netlink(7)`.
@safe struct NetlinkSocket: ~Copyable, @unchecked Sendable {
    // Safe to share: not written to after the socket is bound.
    private let handle: OpaquePointer
    private let nextSequence = Atomic<UInt32>(1)

    /// The size of the receive buffer in bytes.
    ///
    /// The kernel fills at most 32 KB per datagram; with a smaller buffer, a dump of a big interval set takes ten times
    /// as long.
    private static let receiveLength = 1 << 16

    /// Opens and binds a socket; `bus` is `NETLINK_…` of `linux/netlink.h`.
    init(bus: Int32) throws(SystemError) {
        guard let handle = unsafe mnl_socket_open2(bus, Int32(SOCK_CLOEXEC.rawValue)) else { throw .last }
        guard unsafe mnl_socket_bind(handle, 0, MNL_SOCKET_AUTOPID) == 0 else {
            let error = SystemError.last
            _ = unsafe mnl_socket_close(handle)
            throw error
        }
        unsafe self.handle = handle
        enable(NETLINK_EXT_ACK)
        enable(NETLINK_CAP_ACK)
    }

    deinit { _ = unsafe mnl_socket_close(handle) }

    /// Subscribes to a multicast group of the subsystem: `NETLINK_ADD_MEMBERSHIP` of netlink(7).
    func join(group: Int32) throws(SystemError) {
        var group = group
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe mnl_socket_setsockopt(handle, NETLINK_ADD_MEMBERSHIP, &group, size) == 0 else { throw .last }
    }

    /// A sequence number for the next message; it repeats after 2^32 messages.
    func sequence() -> UInt32 { nextSequence.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// Skips the sequence numbers of a batch of `count` messages.
    func skipSequence(_ count: UInt32) { nextSequence.wrappingAdd(count, ordering: .relaxed) }

    /// Sends `bytes` as one datagram; grows the send buffer if needed.
    func send(_ bytes: ArraySlice<UInt8>) throws(SystemError) {
        widen(SO_SNDBUFFORCE, orElse: SO_SNDBUF, to: bytes.count)
        let sent = unsafe bytes.withUnsafeBytes { raw in
            var count: Int
            repeat {
                count = unsafe mnl_socket_sendto(handle, raw.baseAddress, raw.count)
            } while count < 0 && errno == EINTR
            return count
        }
        guard sent == bytes.count else { throw .last }
    }

    /// Grows the receive buffer to `bytes`, for replies that arrive faster than they are read.
    func expectReplies(bytes: Int) { widen(SO_RCVBUFFORCE, orElse: SO_RCVBUF, to: bytes) }

    /// Has a filter look at each message to this socket, and drop it, until it is detached; `false` if the kernel refuses.
    func attach(_ filter: ReplyFilter) -> Bool {
        SocketOption.set(SO_ATTACH_BPF, of: unsafe mnl_socket_get_fd(handle), to: filter.program)
    }

    /// Ends the work of a filter, if there is one.
    func detachFilter() { _ = SocketOption.set(SO_DETACH_FILTER, of: unsafe mnl_socket_get_fd(handle), to: 0) }

    /// A buffer for `receive`.
    static func receiveBuffer() -> [UInt8] { Array(repeating: 0, count: receiveLength) }

    /// The messages of the next datagram; `nil` if none has arrived and `waits` is false.
    ///
    /// - Throws: `ENOBUFS` if the kernel dropped replies, `ENOSPC` if a datagram was longer than the buffer.
    func receive(into buffer: inout [UInt8], waits: Bool) throws(SystemError) -> [NetlinkMessage]? {
        let flags = Int32(MSG_TRUNC) | (waits ? 0 : Int32(MSG_DONTWAIT))
        let descriptor = unsafe mnl_socket_get_fd(handle)
        let count = unsafe buffer.withUnsafeMutableBytes { raw in
            var count: Int
            repeat {
                count = unsafe recv(descriptor, raw.baseAddress, raw.count, flags)
            } while count < 0 && errno == EINTR
            return count
        }
        if count < 0 && !waits && (errno == EAGAIN || errno == EWOULDBLOCK) { return nil }
        guard count >= 0 else { throw .last }
        guard count <= buffer.count else { throw SystemError(code: ENOSPC, text: "a reply was cut short") }
        return NetlinkMessage.split(buffer, length: count, portID: unsafe mnl_socket_get_portid(handle))
    }

    /// The descriptor, for poll(2).
    var descriptor: Int32 { unsafe mnl_socket_get_fd(handle) }

    /// `SO_NETNS_COOKIE` of `socket(7)`: identifies the socket's network namespace until the next boot; `nil` before 5.14.
    var namespaceCookie: UInt64? { SocketOption.number(SO_NETNS_COOKIE, of: unsafe mnl_socket_get_fd(handle)) }

    /// Whether both sockets are known to be in one network namespace.
    func sharesNamespace(with other: borrowing NetlinkSocket) -> Bool {
        Self.isOneNamespace(namespaceCookie, other.namespaceCookie)
    }

    /// Whether two cookies are those of one network namespace; no cookie tells nothing.
    static func isOneNamespace(_ one: UInt64?, _ other: UInt64?) -> Bool { one != nil && one == other }

    /// The name of the interface of this index in the socket's network namespace: `man 7 netdevice`.
    func interfaceName(of index: UInt32) -> String? {
        var request = unsafe ifreq()
        unsafe request.ifr_ifru.ifru_ivalue = Int32(bitPattern: index)
        guard unsafe ioctl(mnl_socket_get_fd(handle), UInt(SIOCGIFNAME), &request) == 0 else { return nil }
        let name = unsafe withUnsafeBytes(of: request.ifr_ifrn) { unsafe Array($0) }
        return name.span.text(at: 0)
    }

    private func enable(_ option: Int32) {
        var on: Int32 = 1
        _ = unsafe mnl_socket_setsockopt(handle, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Grows a buffer to `bytes`, with `forced` beyond the system's limit if permitted; never shrinks it.
    private func widen(_ forced: Int32, orElse plain: Int32, to bytes: Int) {
        let descriptor = unsafe mnl_socket_get_fd(handle)
        guard let current: Int32 = SocketOption.number(plain, of: descriptor), current < bytes else { return }
        let wanted = Int32(clamping: bytes)
        if !SocketOption.set(forced, of: descriptor, to: wanted) {
            _ = SocketOption.set(plain, of: descriptor, to: wanted)
        }
    }
}
