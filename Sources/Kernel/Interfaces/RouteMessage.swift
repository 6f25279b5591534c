internal import Addressing
internal import CMnl
internal import Glibc
internal import Listeners

/// A request to the routing part of the kernel: rtnetlink(7).
struct RouteRequest {
    /// The message with its headers.
    let bytes: [UInt8]

    /// A request with `header`, which is `struct rtmsg` or the like, and attributes after it.
    init<Header: NumericStruct>(
        _ type: Int, flags: Int32, sequence: UInt32, _ header: Header, attributes: [UInt8] = []
    ) {
        var message = nlmsghdr()
        message.nlmsg_len = UInt32(MemoryLayout<nlmsghdr>.size + MemoryLayout<Header>.size + attributes.count)
        message.nlmsg_type = UInt16(type)
        message.nlmsg_flags = UInt16(NLM_F_REQUEST | flags)
        message.nlmsg_seq = sequence
        bytes = message.bytes + header.bytes + attributes
    }
}

/// A reply of the routing part of the kernel: a structure and the attributes after it.
struct RouteReply<Header: NumericStruct> {
    /// The structure.
    let header: Header
    /// The attributes.
    let attributes: Attributes

    /// `nil` if the message is too short, or the length of an attribute is invalid.
    init?(_ payload: ArraySlice<UInt8>, as _: Header.Type) {
        guard let header = Header(payload.span),
            let attributes = Attributes(payload.dropFirst(MemoryLayout<Header>.size))
        else { return nil }
        self.header = header
        self.attributes = attributes
    }
}

extension Attributes {
    /// A number of four bytes in host order.
    func hostOrderU32(_ type: some RawRepresentable<UInt32>) -> UInt32? { self[type]?.hostOrder() }
}

/// A route of a dump: the destinations, and the interfaces by which they are reached.
struct TableRoute {
    let table: UInt32
    let destinations: AddressRange
    let interfaces: [UInt32]

    /// `nil` for a route to this host, one that refuses, and one that is not understood.
    init?(_ payload: ArraySlice<UInt8>) {
        guard let reply = RouteReply(payload, as: rtmsg.self), Int(reply.header.rtm_type) == RTN_UNICAST,
            let family = AddressFamily(number: Int32(reply.header.rtm_family))
        else { return nil }
        table = reply.attributes.hostOrderU32(RTA_TABLE) ?? UInt32(reply.header.rtm_table)
        let length = Int(reply.header.rtm_dst_len)
        guard let destinations = AddressRange(prefix: reply.attributes[RTA_DST], length: length, family) else {
            return nil
        }
        self.destinations = destinations
        if let interface = reply.attributes.hostOrderU32(RTA_OIF) {
            interfaces = [interface]
        } else {
            interfaces = Self.hops(of: reply).map(\.interface)
        }
    }

    /// The next hops of a route; a hop of the other family than the destinations is in `struct rtvia`.
    static func gateways(_ payload: ArraySlice<UInt8>) -> [IPAddress] {
        guard let reply = RouteReply(payload, as: rtmsg.self) else { return [] }
        let lists = [reply.attributes] + hops(of: reply).compactMap(\.attributes)
        return lists.flatMap { list -> [IPAddress] in
            let direct = list[RTA_GATEWAY].flatMap { IPAddress(bigEndianBytes: Array($0)) }
            let via = list[RTA_VIA].flatMap {
                IPAddress(bigEndianBytes: Array($0.dropFirst(MemoryLayout<UInt16>.size)))
            }
            return [direct, via].compactMap(\.self)
        }
    }

    /// The hops of a route that has several, `struct rtnexthop` with attributes after it; no attributes if they are invalid.
    private static func hops(of route: RouteReply<rtmsg>) -> [(interface: UInt32, attributes: Attributes?)] {
        var rest = route.attributes[RTA_MULTIPATH] ?? []
        var hops: [(interface: UInt32, attributes: Attributes?)] = []
        while let hop = rtnexthop(rest.span), hop.rtnh_len >= MemoryLayout<rtnexthop>.size {
            let list = rest.prefix(Int(hop.rtnh_len)).dropFirst(MemoryLayout<rtnexthop>.size)
            hops.append((UInt32(bitPattern: hop.rtnh_ifindex), Attributes(list)))
            rest = rest.dropFirst((Int(hop.rtnh_len) + 3) & ~3)
        }
        return hops
    }
}

extension AddressFamily {
    /// The family with this `AF_…`; `nil` for others.
    fileprivate init?(number: Int32) {
        switch number {
        case AF_INET: self = .ipv4
        case AF_INET6: self = .ipv6
        default: return nil
        }
    }
}

extension AddressRange {
    /// The addresses of a prefix of `length` bits, in network order; without bytes it is that of all addresses.
    fileprivate init?(prefix bytes: ArraySlice<UInt8>?, length: Int, _ family: AddressFamily) {
        let width = family == .ipv4 ? 32 : 128
        guard length <= width, let address = bytes ?? (length == 0 ? [] : nil) else { return nil }
        guard
            let first = IPAddress(
                bigEndianBytes: address.isEmpty ? [UInt8](repeating: 0, count: width / 8) : Array(address))
        else { return nil }
        switch first {
        case .ipv4(let value): self = .ipv4(value...(value | (length == 0 ? .max : ~(UInt32.max << (32 - length)))))
        case .ipv6(let value): self = .ipv6(value...(value | (length == 0 ? .max : ~(UInt128.max << (128 - length)))))
        }
    }
}
