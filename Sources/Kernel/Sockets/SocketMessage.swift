internal import Addressing
internal import CMnl
internal import Glibc
internal import Listeners
internal import System

/// One socket of a `sock_diag` dump: `struct inet_diag_msg` of `linux/inet_diag.h` and its attributes.
struct SocketMessage {
    private let head: inet_diag_msg
    private var isIPv6Only = false
    private var cgroup: UInt64?
    /// One `struct sockaddr_storage` for each address of an SCTP socket.
    private var localAddresses: ArraySlice<UInt8> = []

    /// Decodes the bytes after the netlink header.
    init(_ payload: ArraySlice<UInt8>) throws(SystemError) {
        let length = MemoryLayout<inet_diag_msg>.size
        guard payload.count >= length else { throw .malformed("a sock_diag reply that is too short") }
        head = unsafe payload.withUnsafeBytes { unsafe $0.loadUnaligned(as: inet_diag_msg.self) }
        var rest = payload.dropFirst(length)
        while let attribute = Attributes.first(of: rest) {
            switch Int(attribute.type) {
            case Int(INET_DIAG_SKV6ONLY): isIPv6Only = attribute.payload.first != 0
            case Int(INET_DIAG_CGROUP_ID): cgroup = attribute.payload.hostOrder()
            case Int(INET_DIAG_LOCALS): localAddresses = attribute.payload
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
        let local = unsafe withUnsafeBytes(of: head.id.idiag_src) { unsafe address($0) }
        let remote = unsafe withUnsafeBytes(of: head.id.idiag_dst) { unsafe address($0) }
        guard let local, let remote else { throw .malformed("a socket of a family other than IPv4 and IPv6") }
        guard !isRemains else { return nil }
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
        guard let only = unsafe withUnsafeBytes(of: head.id.idiag_src, { unsafe address($0) }) else {
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

    /// The address at the start of `bytes`, in the family of the message.
    @unsafe private func address(_ bytes: UnsafeRawBufferPointer) -> IPAddress? {
        unsafe Self.address(bytes, family: head.idiag_family)
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
                unsafe bytes.dropFirst(offset).withUnsafeBytes { unsafe Self.address($0, family: family) }
            }
        }
    }

    /// The address at the start of `bytes` in network order; `nil` if the family is neither IPv4 nor IPv6.
    @unsafe private static func address(_ bytes: UnsafeRawBufferPointer, family: UInt8) -> IPAddress? {
        switch Int32(family) {
        case AF_INET where bytes.count >= MemoryLayout<UInt32>.size:
            return .ipv4(UInt32(bigEndian: unsafe bytes.loadUnaligned(as: UInt32.self)))
        case AF_INET6 where bytes.count >= MemoryLayout<UInt128>.size:
            let value = UInt128(bigEndian: unsafe bytes.loadUnaligned(as: UInt128.self))
            // An IPv4-mapped address, ::ffff:0:0/96, RFC 4291 2.5.5.2.
            return value >> 32 == 0xffff ? .ipv4(UInt32(truncatingIfNeeded: value)) : .ipv6(value)
        default: return nil
        }
    }
}

extension ArraySlice<UInt8> {
    /// The number that these bytes encode in host order; `nil` unless there are exactly eight.
    fileprivate func hostOrder() -> UInt64? {
        guard count == MemoryLayout<UInt64>.size else { return nil }
        return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt64.self) }
    }
}

/// The names of the interfaces of the calling thread's network namespace, each looked up once.
struct InterfaceNames {
    private var names: [UInt32: String] = [:]

    /// The name; `if7` for interface 7 if it no longer exists.
    subscript(_ index: UInt32) -> String {
        mutating get {
            if let name = names[index] { return name }
            let name = Self.name(of: index) ?? "if\(index)"
            names[index] = name
            return name
        }
    }

    private static func name(of index: UInt32) -> String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { buffer in
            guard let start = buffer.baseAddress, unsafe if_indextoname(index, start) != nil else { return nil }
            return unsafe String(cString: start)
        }
    }
}
