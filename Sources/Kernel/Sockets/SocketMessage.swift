internal import Addressing
internal import CMnl
internal import Glibc
internal import Listeners
internal import System

/// One socket of a `sock_diag` dump: `struct inet_diag_msg` of `linux/inet_diag.h` and its attributes.
struct SocketMessage {
    let head: inet_diag_msg
    private var isIPv6Only = false
    private var cgroup: UInt64?
    /// One `struct sockaddr_storage` for each address of an SCTP socket.
    private var localAddresses: ArraySlice<UInt8> = []
    /// `struct tcp_info` of `linux/tcp.h`, if it was asked for.
    private(set) var information: ArraySlice<UInt8> = []

    /// Decodes the bytes after the netlink header.
    init(_ payload: ArraySlice<UInt8>) throws(SystemError) {
        guard let head = inet_diag_msg(payload.span) else { throw .malformed("a sock_diag reply that is too short") }
        self.head = head
        var rest = payload.dropFirst(MemoryLayout<inet_diag_msg>.size)
        while let attribute = Attributes.first(of: rest) {
            switch Int(attribute.type) {
            case Int(INET_DIAG_SKV6ONLY): isIPv6Only = attribute.payload.first != 0
            case Int(INET_DIAG_CGROUP_ID): cgroup = attribute.payload.hostOrder()
            case Int(INET_DIAG_LOCALS): localAddresses = attribute.payload
            case Int(INET_DIAG_INFO): information = attribute.payload
            default: break
            }
            rest = rest[attribute.bytes.endIndex...]
        }
        guard rest.isEmpty else { throw .malformed("a sock_diag reply with an invalid attribute length") }
    }

    /// Whether the socket accepts packets from any peer: it has a local port and no remote port.
    var isListening: Bool { head.id.idiag_sport != 0 && head.id.idiag_dport == 0 }

    /// Whether the socket is an orphan in FIN_WAIT2: it has sent all its data, and no process reads from it.
    private var isRemains: Bool { head.idiag_state == UInt8(TCP_FIN_WAIT2) && head.idiag_inode == 0 }

    /// The connection; `nil` for an orphan in FIN_WAIT2.
    func connection(_ interfaces: inout InterfaceNames) throws(SystemError) -> EstablishedConnection? {
        isRemains ? nil : try ends(&interfaces)
    }

    /// Both ends, and what identifies the socket.
    func ends(_ interfaces: inout InterfaceNames) throws(SystemError) -> EstablishedConnection {
        guard let local = address(head.id.idiag_src), let remote = address(head.id.idiag_dst) else {
            throw .malformed("a socket of a family other than IPv4 and IPv6")
        }
        return EstablishedConnection(
            local: Endpoint(local, UInt16(bigEndian: head.id.idiag_sport)),
            remote: Endpoint(remote, UInt16(bigEndian: head.id.idiag_dport)),
            interface: head.id.idiag_if == 0 ? nil : interfaces[head.id.idiag_if], interfaceIndex: head.id.idiag_if,
            userID: head.idiag_uid, inode: UInt64(head.idiag_inode), cgroup: cgroup,
            cookie: UInt64(head.id.idiag_cookie.1) << 32 | UInt64(head.id.idiag_cookie.0))
    }

    /// Appends a listener for each address of the socket; only SCTP binds to more than one (RFC 6458 9.1).
    func append(
        to listeners: inout [Listener], _ transport: TransportProtocol, _ interfaces: inout InterfaceNames
    ) throws(SystemError) {
        guard let only = address(head.id.idiag_src) else {
            throw .malformed("a socket of a family other than IPv4 and IPv6")
        }
        let interface = head.id.idiag_if == 0 ? nil : interfaces[head.id.idiag_if]
        func append(_ address: IPAddress) {
            listeners.append(
                Listener(
                    transport: transport, address: address, port: UInt16(bigEndian: head.id.idiag_sport),
                    isDualStack: address == .ipv6(0) && !isIPv6Only, interface: interface, userID: head.idiag_uid,
                    inode: UInt64(head.idiag_inode), cgroup: cgroup))
        }
        let addresses = transport == .sctp ? boundAddresses : []
        if addresses.isEmpty { append(only) } else { addresses.forEach(append) }
    }

    /// The address in these words, which are in network order, in the family of the message.
    private func address(_ words: (UInt32, UInt32, UInt32, UInt32)) -> IPAddress? {
        func number(_ word: UInt32) -> UInt128 { UInt128(UInt32(bigEndian: word)) }
        let value = number(words.0) << 96 | number(words.1) << 64 | number(words.2) << 32 | number(words.3)
        return Self.address(value, family: head.idiag_family)
    }

    private var boundAddresses: [IPAddress] {
        let stride = MemoryLayout<sockaddr_storage>.size
        return Swift.stride(from: 0, to: localAddresses.count / stride * stride, by: stride).compactMap { offset in
            let bytes = localAddresses.dropFirst(offset).prefix(stride)
            let family = UInt8(truncatingIfNeeded: bytes.hostOrderU16(at: 0))
            // `sin_addr` and `sin6_addr` of `netinet/in.h`.
            let isIPv4 = Int32(family) == AF_INET
            let start = MemoryLayout<sockaddr_in>.offset(of: \.sin_addr)
            let start6 = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr)
            return (isIPv4 ? start : start6).flatMap { offset in
                bytes.dropFirst(offset).prefix(MemoryLayout<UInt128>.size).bigEndian().flatMap {
                    Self.address($0, family: family)
                }
            }
        }
    }

    /// The address in 16 bytes, of which an IPv4 address has the first four; `nil` for other families.
    private static func address(_ value: UInt128, family: UInt8) -> IPAddress? {
        switch Int32(family) {
        case AF_INET: .ipv4(UInt32(truncatingIfNeeded: value >> 96))
        // An IPv4-mapped address, ::ffff:0:0/96, RFC 4291 2.5.5.2.
        case AF_INET6: value >> 32 == 0xffff ? .ipv4(UInt32(truncatingIfNeeded: value)) : .ipv6(value)
        default: nil
        }
    }
}
