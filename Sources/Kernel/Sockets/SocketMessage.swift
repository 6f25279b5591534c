internal import Addressing
internal import CMnl
internal import Glibc
internal import Listeners

/// The messages of `linux/inet_diag.h`.
enum SocketMessage {
    /// The prefix of IPv4-mapped addresses, RFC 4291 2.5.5.2, above the IPv4 address.
    private static let mappedPrefix: UInt128 = 0xffff

    /// A dump of the sockets of a protocol and family that others can reach.
    static func request(_ transport: TransportProtocol, family: Int32, sequence: UInt32) -> [UInt8] {
        var body = inet_diag_req_v2()
        body.sdiag_family = UInt8(family)
        body.sdiag_protocol = transport.rawValue
        // A datagram socket that is not connected is in the state that TCP calls closed.
        let isDatagram = transport == .udp || transport == .udplite
        body.idiag_states = 1 << UInt32(isDatagram ? TCP_CLOSE : TCP_LISTEN)
        var header = nlmsghdr()
        header.nlmsg_len = UInt32(MemoryLayout<nlmsghdr>.size + MemoryLayout<inet_diag_req_v2>.size)
        header.nlmsg_type = UInt16(SOCK_DIAG_BY_FAMILY)
        header.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_DUMP)
        header.nlmsg_seq = sequence
        return unsafe withUnsafeBytes(of: header) { unsafe Array($0) } + withUnsafeBytes(of: body) { unsafe Array($0) }
    }

    /// The listener that a message describes; `nil` where it is none.
    static func listener(_ message: NetlinkMessage, _ transport: TransportProtocol) -> Listener? {
        let size = MemoryLayout<inet_diag_msg>.size
        guard message.payload.count >= size, let attributes = Attributes(message.payload.dropFirst(size)) else {
            return nil
        }
        let body = unsafe message.payload.withUnsafeBytes { unsafe $0.loadUnaligned(as: inet_diag_msg.self) }
        // A datagram socket may be bound without a port, and then takes nothing.
        guard body.id.idiag_sport != 0 else { return nil }
        let address = address(of: body)
        let onlyIPv6 = attributes.all.first { $0.type == UInt32(INET_DIAG_SKV6ONLY) }?.payload.first
        let cgroup = attributes.all.first { $0.type == UInt32(INET_DIAG_CGROUP_ID) }?.payload
        return Listener(
            transport: transport, address: address, port: UInt16(bigEndian: body.id.idiag_sport),
            isDualStack: address == .ipv6(0) && onlyIPv6 == 0, interface: interface(body.id.idiag_if),
            userID: body.idiag_uid, inode: UInt64(body.idiag_inode), cgroup: cgroup.map(hostOrder))
    }

    private static func address(of body: inet_diag_msg) -> Listener.Address {
        let words = body.id.idiag_src
        guard body.idiag_family == UInt8(AF_INET6) else { return .ipv4(UInt32(bigEndian: words.0)) }
        let value = [words.0, words.1, words.2, words.3].reduce(UInt128(0)) {
            $0 << 32 | UInt128(UInt32(bigEndian: $1))
        }
        return value >> 32 == mappedPrefix ? .ipv4(UInt32(truncatingIfNeeded: value)) : .ipv6(value)
    }

    private static func interface(_ index: UInt32) -> String? {
        guard index != 0 else { return nil }
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard unsafe if_indextoname(index, &name) != nil else { return "interface \(index)" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func hostOrder(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        UInt64(littleEndian: bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }
}
