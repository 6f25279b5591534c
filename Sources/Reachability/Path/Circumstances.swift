public import Addressing

/// The conditions outside the ruleset under which packets are evaluated.
public struct Circumstances: Sendable {
    /// An assumption about limits.
    public enum Limits: Hashable, Sendable {
        /// The client is within all limits, like one that connects for the first time in a while.
        case kept
        /// The client may exceed limits: a verdict that depends on one is unknown.
        case either
    }

    /// An assumption about the parts of the headers that clients choose in the first packet of a connection.
    enum Headers: Hashable, Sendable {
        /// As programs send it with ordinary sockets: without options of IPv4 and extension headers of IPv6, from a port other than 0,
        /// over TCP with the size of a segment, of 536 bytes or more (RFC 9293 3.7.1), and without a request for Explicit Congestion
        /// Notification, like the packet that a client repeats if its first one is lost (RFC 3168 6.1.1.1).
        case plain
        /// Any: a verdict that depends on them is unknown.
        case any
    }

    /// The kinds of addresses that packets to this host are for.
    public enum DestinationKind: Hashable, Sendable {
        /// Its own.
        case local
        /// Those of all hosts of a network.
        case broadcast
        /// Those of a group that it belongs to.
        case multicast
    }

    /// The time in seconds since 1970-01-01T00:00:00Z; if `nil`, a verdict that depends on it is unknown.
    public var now: Int64?
    /// The assumption about limits.
    public var limits: Limits
    /// The assumption about the headers.
    var headers = Headers.any
    /// The indices of interfaces, by name; `lo` has index 1 in every network namespace.
    public var interfaceIndices: [String: UInt32]
    /// The addresses of this host, the possible destinations; if `nil`, a verdict that depends on them is unknown.
    public var addresses: AddressSet?
    /// The kind of these addresses.
    public var destinationKind = DestinationKind.local
    /// The routes of this host; if `nil`, a verdict that depends on them is unknown.
    public var routes: Routes?
    /// Whether each address of a host with few of them is a class of destinations of its own, whatever the rules distinguish:
    /// then a rule about one of them makes nothing unknown.
    public var tellsAddressesApart = false
    /// Whether sources may arrive by other interfaces than that of the route back to them, as forged ones do: then a rule about that
    /// route is evaluated for one source at a time, and its result is unknown for many.
    public var checksReturnRoutes = false
    /// The source port of packets that arrive; if `nil`, a verdict that depends on it is unknown.
    public var sourcePort: UInt16?

    /// Circumstances of these parts.
    public init(
        now: Int64?, limits: Limits = .kept, interfaceIndices: [String: UInt32] = [:], addresses: AddressSet? = nil,
        routes: Routes? = nil
    ) {
        self.now = now
        self.limits = limits
        self.interfaceIndices = interfaceIndices
        self.addresses = addresses
        self.routes = routes
    }

    /// The same circumstances for packets with plain headers.
    var withPlainHeaders: Self {
        var circumstances = self
        circumstances.headers = .plain
        return circumstances
    }
}

extension Circumstances.DestinationKind {
    /// The type of the route to them, `RTN_…` of `linux/rtnetlink.h`.
    var routeType: UInt32 {
        switch self {
        case .local: 2
        case .broadcast: 3
        case .multicast: 5
        }
    }

    /// The type of packets to them, `PACKET_…` of `linux/if_packet.h`.
    var packetType: SymbolicByte {
        switch self {
        case .local: SymbolicByte(0)
        case .broadcast: SymbolicByte(1)
        case .multicast: SymbolicByte(2)
        }
    }
}
