public import Addressing
internal import CMnl
internal import Glibc
public import Listeners
internal import System

extension ReturnRoute {
    /// The route to an address from the network namespace of the calling thread; `nil` if there is none: rtnetlink(7),
    /// RTM_GETROUTE.
    public static func lookUp(_ address: IPAddress) -> ReturnRoute? {
        guard let socket = try? NetlinkSocket(bus: NETLINK_ROUTE) else { return nil }
        let sequence = socket.sequence()
        var route: ReturnRoute?
        _ = try? socket.request(request(address, sequence), sequence: sequence) { message throws(SystemError) in
            route = ReturnRoute(message.payload)
        }
        return route
    }

    private static func request(_ address: IPAddress, _ sequence: UInt32) -> [UInt8] {
        var attributes = AttributeWriter()
        var route = rtmsg()
        let bytes = address.bigEndianBytes
        route.rtm_family = UInt8(address.familyNumber)
        route.rtm_dst_len = UInt8(8 * bytes.count)
        attributes.bytes(RTA_DST, bytes)
        var header = nlmsghdr()
        header.nlmsg_len = UInt32(MemoryLayout<nlmsghdr>.size + MemoryLayout<rtmsg>.size + attributes.count)
        header.nlmsg_type = UInt16(RTM_GETROUTE)
        header.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_ACK)
        header.nlmsg_seq = sequence
        let head =
            unsafe withUnsafeBytes(of: &header) { unsafe Array($0) }
            + withUnsafeBytes(of: &route) { unsafe Array($0) }
        return head + attributes.bytes
    }
}

extension ReturnRoute {
    /// Decodes `struct rtmsg` and the attributes after it.
    fileprivate init?(_ payload: ArraySlice<UInt8>) {
        let length = MemoryLayout<rtmsg>.size
        guard payload.count >= length, let attributes = Attributes(payload.dropFirst(length)),
            let interface = attributes[RTA_OIF], interface.count == MemoryLayout<UInt32>.size
        else { return nil }
        let head = unsafe payload.withUnsafeBytes { unsafe $0.loadUnaligned(as: rtmsg.self) }
        let index = unsafe interface.withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt32.self) }
        var names = InterfaceNames()
        self.init(isLocal: Int(head.rtm_type) == RTN_LOCAL, interface: names[index], interfaceIndex: index)
    }
}
