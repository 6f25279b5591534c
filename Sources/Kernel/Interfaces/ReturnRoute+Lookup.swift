public import Addressing
internal import CMnl
internal import Glibc
public import Listeners
internal import System

extension ReturnRoute {
    /// The route to an address from the network namespace of the calling thread; `nil` if there is none: rtnetlink(7),
    /// RTM_GETROUTE.
    public static func lookUp(_ address: IPAddress) -> ReturnRoute? {
        (try? KernelNetwork())?.route(RouteQuestion(to: address))
    }

    /// Decodes `struct rtmsg` and the attributes after it.
    init?(_ payload: ArraySlice<UInt8>) {
        guard let reply = RouteReply(payload, as: rtmsg.self), let index = reply.attributes.hostOrderU32(RTA_OIF)
        else { return nil }
        var names = InterfaceNames()
        self.init(isLocal: Int(reply.header.rtm_type) == RTN_LOCAL, interface: names[index], interfaceIndex: index)
    }
}

extension RouteRequest {
    /// A request for the route of one packet.
    init(route question: RouteQuestion, sequence: UInt32) {
        var attributes = AttributeWriter()
        var route = rtmsg()
        let destination = question.destination.bigEndianBytes
        route.rtm_family = UInt8(question.destination.familyNumber)
        route.rtm_dst_len = UInt8(8 * destination.count)
        attributes.bytes(RTA_DST, destination)
        if let source = question.source?.bigEndianBytes, source.count == destination.count {
            route.rtm_src_len = UInt8(8 * source.count)
            attributes.bytes(RTA_SRC, source)
        }
        if let interface = question.interface { attributes.bytes(RTA_IIF, interface.hostOrderBytes) }
        self.init(RTM_GETROUTE, flags: NLM_F_ACK, sequence: sequence, route, attributes: attributes.bytes)
    }
}
