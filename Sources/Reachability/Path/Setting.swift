internal import Addressing
internal import Rulesets

/// The properties that the packets under evaluation share and that do not change from hook to hook.
struct Setting {
    /// The family.
    let family: AddressFamily
    /// The transport protocol.
    let transport: TransportProtocol
    /// The name of the input interface: 16 bytes, padded with NUL.
    let interface: [UInt8]
    /// The circumstances.
    let circumstances: Circumstances
    /// The possible destinations.
    let destinations: Destinations
    /// The addresses of this host.
    let own: Destinations
    /// Which packets of their connections they are.
    let phase: ExchangePhase
    /// Whether the packets open connections of this host: they leave by the interface, and their sources are the far ends.
    let isLeaving: Bool
    /// Whether conntrack takes the packets for the first ones of their connections, though these are established.
    let isUntrackedYet: Bool
    /// Whether packets of ICMP or ICMPv6 are echo requests, or the replies to them.
    let isEcho: Bool
    /// The user of their sockets; `nil` for packets that arrive.
    let user: SocketUser?
    /// The source address, if all packets have the same.
    let source: UInt128?
    /// The message of ARP or neighbour discovery that the packets are; `nil` for packets of connections.
    let message: LinkMessage?

    init(
        family: AddressFamily, transport: TransportProtocol, interface: [UInt8], circumstances: Circumstances,
        phase: ExchangePhase = .first, source: UInt128? = nil, dialled: AddressSet? = nil,
        user: SocketUser? = nil, isUntrackedYet: Bool = false, isEcho: Bool = false,
        message: LinkMessage? = nil
    ) {
        self.family = family
        self.transport = transport
        self.interface = interface
        self.circumstances = circumstances
        self.phase = phase
        self.message = message
        isLeaving = user != nil || message?.leaves == true
        self.isUntrackedYet = isUntrackedYet
        self.isEcho = isEcho
        self.user = user
        self.source = source
        let isLoopback = interface.starts(with: Self.loopback)
        own = Destinations(circumstances.addresses, family, includingLoopback: isLoopback)
        destinations = dialled.map { Destinations($0, family, includingLoopback: isLoopback) } ?? own
    }

    /// Whether the packets carry data of an established connection; otherwise they open one.
    var isEstablished: Bool { phase != .first }

    /// Whether the packets are replies of this host, or of the hosts to which it forwards: they leave by the interface and go to the
    /// source, from the port that was dialled or that a rule has put in its place.
    var isReply: Bool { phase == .reply || phase == .laterReply }

    /// Whether this host sends the packets.
    var isSent: Bool { isReply || isLeaving }

    /// `lo` with its NUL.
    private static let loopback = Array("lo\0".utf8)

    /// The address family, `NFPROTO_…`.
    var familyNumber: UInt8 { (family == .ipv4 ? TableFamily.ipv4 : .ipv6).rawValue }

    /// The name of the input interface as text.
    var interfaceName: String { KernelName.text(of: interface.prefix { $0 != 0 }) }

    /// The index of the input interface; `nil` if unknown.
    ///
    /// Where the interfaces of the host are known, those that no rule names by an index share one that no interface has.
    var interfaceIndex: UInt32? {
        if interfaceName == "lo" { return 1 }
        return circumstances.interfaceIndices[interfaceName]
            ?? circumstances.routes.map { $0.indices[interfaceName] ?? Self.absentIndex }
    }

    /// An index that no interface has.
    private static let absentIndex = UInt32(Int32.max)

    /// Whether the input interface may be a bridge: known of those that the host has, and of a host without any.
    var mayArriveByBridge: Bool {
        guard let routes = circumstances.routes else { return true }
        let bridges = routes.kinds.filter { $1 == "bridge" }
        return routes.indices[interfaceName] == nil ? !bridges.isEmpty : bridges[interfaceName] != nil
    }

    /// Whether packets that arrive by the interface may have passed one of the devices before: a port of a bridge or a bond, or
    /// that of which a macvlan is made.
    func mayArrive(byPortsAmong devices: [String]) -> Bool {
        !lowerDevices.isDisjoint(with: devices)
    }

    /// The device of a VLAN, whose chains see the packets of the VLAN as such of IP (seen on Linux 6.12); `nil` for other
    /// interfaces.
    var vlanDevice: String? {
        guard let routes = circumstances.routes, routes.kinds[interfaceName] == "vlan" else { return nil }
        return routes.lowerInterfaces[interfaceName]
    }

    /// The devices below the interface whose chains are not modelled.
    private var lowerDevices: Set<String> {
        let all = circumstances.routes?.devices(below: interfaceName) ?? []
        return all.subtracting(vlanDevice.map { [$0] } ?? [])
    }

    /// Whether packets pass a hook twice, with the interface and with one below it: devices see the packets of their VLANs, and all
    /// hooks but input those of the links of a VRF (seen on Linux 6.12).
    func hasTwoInterfaces(at hook: Hook) -> Bool {
        if [.ingress, .egress].contains(hook) { return vlanDevice != nil }
        return hook != .input && circumstances.routes?.kinds[interfaceName] == "vrf"
    }

    /// Whether packets that leave by the interface may leave by one of these devices then: by the ports of a bridge or a bond, or
    /// by what a VLAN or a tunnel is made of.
    func mayLeave(byDevicesAmong devices: [String]) -> Bool {
        guard let routes = circumstances.routes else { return true }
        guard let kind = routes.kinds[interfaceName] else { return false }
        if Routes.joining.contains(kind) || routes.lowerInterfaces[interfaceName] != nil {
            return mayArrive(byPortsAmong: devices)
        }
        return !Self.separateKinds.contains(kind)
    }

    /// Kinds of interfaces from which packets leave by no other one.
    private static let separateKinds: Set = ["veth", "dummy", "tun", "ifb", "netkit"]

    /// The interface by which packets in this state leave; `nil` if it is not known.
    func output(_ state: PacketState) -> Routes.Output? {
        guard state.isForwarded, let routes = circumstances.routes, let bytes = state.destination?.constants else {
            return nil
        }
        return routes.output(
            Routes.Question(
                family: family, destination: UInt128(bigEndianBytes: bytes), source: source, interface: interfaceName,
                hasMark: !state.marks.isPacketUnmarked))
    }

    /// Whether the packets pass tables of this family.
    func isSeen(by table: TableFamily) -> Bool {
        isARP ? table == .arp : table == .inet || table.rawValue == familyNumber
    }
}
