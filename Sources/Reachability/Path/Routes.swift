public import Addressing

/// The interfaces of a host, and its routes: by which interface packets leave, and by which they come.
public struct Routes: Sendable {
    /// A question about the way out of a packet that is forwarded.
    public struct Question: Hashable, Sendable {
        /// The family.
        public var family: AddressFamily
        /// The destination after any translation, as a number.
        public var destination: UInt128
        /// The source; `nil` for any.
        public var source: UInt128?
        /// The name of the interface that the packet arrives on.
        public var interface: String
        /// Whether the packet may carry a mark.
        public var hasMark: Bool
    }

    /// An interface by which packets leave.
    public struct Output: Hashable, Sendable {
        /// The name.
        public var name: String
        /// The index.
        public var index: UInt32
        /// The kind, such as `bridge` or `veth`; `nil` for a device of the hardware.
        public var kind: String?

        /// An interface of these parts.
        public init(name: String, index: UInt32, kind: String? = nil) {
            self.name = name
            self.index = index
            self.kind = kind
        }
    }

    /// The indices of the interfaces, by name.
    public var indices: [String: UInt32]
    /// The kinds of the interfaces, by name; without the devices of the hardware, which have none.
    public var kinds: [String: String]
    /// The types of the hardware addresses of the interfaces, by name: `ARPHRD_…` of `linux/if_arp.h`.
    public var hardwareTypes: [String: UInt16] = [:]
    /// The bridges that connect only containers and virtual machines, by name.
    public var containerBridges: Set<String>
    /// The bridge or the like of each of its ports, by name: what arrives by a port has arrived by the bridge when the rules of IP
    /// see it.
    public var masters: [String: String] = [:]
    /// The interface of which each VLAN, macvlan or the like is made, by name.
    public var lowerInterfaces: [String: String] = [:]
    /// The kinds of interfaces that take what arrives by their ports for their own: ip-link(8).
    public static let joining: Set<String> = ["bridge", "bond", "team", "openvswitch", "vrf"]
    /// The names of the interfaces by which packets of other hosts come and go, in the rules of IP.
    public var outerInterfaces: Set<String> { Set(indices.keys).subtracting(masters.keys).subtracting(["lo"]) }

    /// The name under which rules for arriving packets know an interface: that of its VRF, if it is a link of one.
    public func arrivalName(of name: String) -> String {
        masters[name].flatMap { kinds[$0] == "vrf" ? $0 : nil } ?? name
    }
    /// The way out of a packet; `nil` if it is not known, or if there is no route.
    public var output: @Sendable (Question) -> Output?
    /// Containers on a bridge of the host.
    public struct Containers: Hashable, Sendable {
        /// The name of the bridge.
        public var bridge: String
        /// Addresses behind the bridge, of one family; those in use first, and at least one.
        public var addresses: [IPAddress]

        /// Containers of these parts.
        public init(bridge: String, addresses: [IPAddress]) {
            self.bridge = bridge
            self.addresses = addresses
        }
    }

    /// The sources to which the route back leaves by each interface, by name; `nil` if the routes are not known.
    public var arrivals: @Sendable () -> [String: AddressSet]?
    /// The addresses of an interface; `nil` if they are not known.
    public var addresses: @Sendable (String) -> AddressSet? = { _ in nil }
    /// The Ethernet interfaces that are up, by name, on whose links hosts find each other by ARP and neighbour discovery.
    public var links: Set<String> = []
    /// The addresses of the networks of an interface, whose hosts are on its link; `nil` if they are not known.
    public var networks: @Sendable (String) -> AddressSet? = { _ in nil }
    /// The broadcast addresses of the networks of this host, without 255.255.255.255.
    public var broadcasts: @Sendable () -> Set<IPAddress> = { [] }
    /// Whether packets of other hosts that arrive on an interface may be redirected to loopback addresses of IPv4, which
    /// the sysctl `route_localnet` allows; `nil` if it is not known.
    public var routesLoopback: @Sendable (String) -> Bool? = { _ in nil }
    /// The containers to which this host forwards packets, by bridge and family.
    public var containers: @Sendable () -> [Containers] = { [] }

    /// The interfaces that packets pass at the device before they arrive by an interface, or after they leave by it.
    func devices(below name: String) -> Set<String> {
        search(from: name) { next in
            masters.filter { $0.value == next }.map(\.key) + (lowerInterfaces[next].map { [$0] } ?? [])
        }
    }

    /// The interfaces whose packets pass a device.
    func interfaces(above device: String) -> Set<String> {
        search(from: device) { next in
            lowerInterfaces.filter { $0.value == next }.map(\.key) + (masters[next].map { [$0] } ?? [])
        }
    }

    private func search(from start: String, _ next: (String) -> [String]) -> Set<String> {
        var (found, open) = (Set<String>(), [start])
        while let name = open.popLast() { open += next(name).filter { found.insert($0).inserted } }
        return found
    }

    /// The type of the hardware addresses of an interface; for a name that stands for those that no rule names, that of all.
    func hardwareType(of name: String) -> UInt16? {
        if indices[name] != nil { return hardwareTypes[name] }
        let others = hardwareTypes.filter { $0.key != "lo" }
        let types = Set(others.values)
        return types.count == 1 && others.count == indices.count(where: { $0.key != "lo" }) ? types.first : nil
    }

    /// Routes of these parts.
    public init(
        indices: [String: UInt32], kinds: [String: String] = [:], containerBridges: Set<String> = [],
        output: @escaping @Sendable (Question) -> Output?,
        arrivals: @escaping @Sendable () -> [String: AddressSet]? = { [:] }
    ) {
        self.indices = indices
        self.kinds = kinds
        self.containerBridges = containerBridges
        self.output = output
        self.arrivals = arrivals
    }
}
