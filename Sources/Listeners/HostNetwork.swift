public import Addressing

/// The interfaces and routes of a host; a part that cannot be read whole is `nil`.
public protocol HostNetwork: AnyObject, Sendable {
    /// The interfaces.
    var interfaces: [HostInterface]? { get }
    /// The addresses to which packets leave by each interface, by its index; in all routing tables.
    var reached: [UInt32: AddressSet]? { get }
    /// The next hops of its routes, in all routing tables.
    var gateways: Set<IPAddress>? { get }
    /// The broadcast addresses of its IPv4 networks, without 255.255.255.255 (RFC 919).
    var broadcasts: Set<IPAddress>? { get }
    /// The addresses that were seen behind each interface, by its index.
    var neighbours: [UInt32: [IPAddress]]? { get }
    /// Why a part that was asked for could not be read; `nil` if all could.
    var fault: String? { get }
    /// Whether this host forwards packets of the family.
    func forwards(_ family: AddressFamily) -> Bool?
    /// The addresses of an interface, by its index; `nil` if they cannot be read.
    func addresses(on interface: UInt32) -> AddressSet?
    /// The addresses of the networks of an interface, by its index; `nil` if they cannot be read.
    func networks(on interface: UInt32) -> AddressSet?
    /// Whether packets that arrive on the interface of this name may have loopback destinations, `route_localnet`.
    func routesLoopback(_ interface: String) -> Bool?
    /// The properties of packets, beside the destination, by which the rules of policy routing choose a table.
    func selectors(_ family: AddressFamily) -> RouteSelectors?
    /// What the routes say of a packet.
    func answer(_ question: RouteQuestion) -> RouteAnswer
}

extension HostNetwork {
    /// The route of a packet; `nil` if there is none, and if it could not be read.
    public func route(_ question: RouteQuestion) -> ReturnRoute? {
        if case .route(let route) = answer(question) { route } else { nil }
    }
}

/// What a host's routes say of a packet.
public enum RouteAnswer: Hashable, Sendable {
    /// It takes this route.
    case route(ReturnRoute)
    /// No route leads there, or one that refuses it.
    case unreachable
    /// The routes could not be asked.
    case unknown
}

/// An interface of a host.
public struct HostInterface: Hashable, Sendable {
    /// The index.
    public var index: UInt32
    /// The name.
    public var name: String
    /// The kind, such as `bridge` or `veth`; `nil` for a device of the hardware.
    public var kind: String?
    /// The index of the bridge or the like that it is a port of; `nil` for none.
    public var master: UInt32?
    /// The index of the interface of which it is made, as a VLAN is; `nil` for none.
    public var lower: UInt32?
    /// Its alternative names, which rules do not match: ip-link(8), `altname`.
    public var otherNames: [String]
    /// The type of its hardware addresses, `ARPHRD_…` of `linux/if_arp.h`; `nil` if it is not known.
    public var hardwareType: UInt16?
    /// Whether it is up, and hosts on its link find each other by ARP and neighbour discovery, as on Ethernet.
    public var findsNeighbours = false
    /// What sees packets before the ruleset: `an XDP program`, `filters of tc`, `programs of tcx`.
    public var earlier: [String] = []

    /// An interface of these parts.
    public init(
        index: UInt32, name: String, kind: String? = nil, master: UInt32? = nil, otherNames: [String] = []
    ) {
        self.index = index
        self.name = name
        self.kind = kind
        self.master = master
        self.otherNames = otherNames
    }
}

/// A question about the route of a packet.
public struct RouteQuestion: Hashable, Sendable {
    /// The destination.
    public var destination: IPAddress
    /// The source; `nil` for any.
    public var source: IPAddress?
    /// The index of the interface that the packet arrives on; `nil` for a packet of this host.
    public var interface: UInt32?

    /// A question of these parts.
    public init(to destination: IPAddress, from source: IPAddress? = nil, on interface: UInt32? = nil) {
        self.destination = destination
        self.source = source
        self.interface = interface
    }
}

/// The properties of packets, beside the destination, by which the rules of policy routing choose a table: ip-rule(8).
public struct RouteSelectors: OptionSet, Hashable, Sendable {
    /// The bits.
    public var rawValue: UInt8

    /// The selectors of these bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The source address.
    public static let source = Self(rawValue: 1)
    /// The input interface.
    public static let interface = Self(rawValue: 2)
    /// The mark of the packet.
    public static let mark = Self(rawValue: 4)
    /// Anything else, such as ports.
    public static let other = Self(rawValue: 8)
}

extension [HostInterface] {
    /// The bridges that connect only containers and virtual machines: all their ports are ends of a veth pair or taps.
    public var containerBridges: [HostInterface] {
        filter { bridge in
            bridge.kind == "bridge"
                && allSatisfy { $0.master != bridge.index || ["veth", "tun"].contains($0.kind ?? "") }
        }
    }
}
