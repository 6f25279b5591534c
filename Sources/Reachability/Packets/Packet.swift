public import Addressing

/// A packet of a connection to this host: the first one, or one after the connection is established.
public struct Packet: Hashable, Sendable {
    /// The transport protocol.
    public var transport: TransportProtocol
    /// The destination port that the client dials.
    public var port: UInt16
    /// The family of the source.
    public var family: AddressFamily
    /// The source address as a number, its first byte most significant; IPv4 addresses are below 2^32.
    public var source: UInt128
    /// The name of the interface that it arrives on.
    public var interface: String
    /// The destination address in the form of `source`; `nil` for any address of this host.
    public var destination: UInt128?
    /// Whether the packet carries data of an established connection; otherwise it opens one.
    public var isEstablished = false

    /// Whether conntrack meets an established connection with this packet.
    public var isUntrackedYet = false
    /// Whether an ICMP or ICMPv6 packet is an echo request; otherwise the port has its type and code.
    public var isEchoRequest = false
    /// The user of the socket of a packet that leaves.
    public var user: SocketUser?

    /// The first packet of a connection, of these parts.
    public init(
        transport: TransportProtocol, port: UInt16, family: AddressFamily, source: UInt128, interface: String
    ) {
        self.transport = transport
        self.port = port
        self.family = family
        self.source = source
        self.interface = interface
    }

    /// The first packet of a connection from an address.
    public init(transport: TransportProtocol, port: UInt16, from source: IPAddress, interface: String) {
        self.init(
            transport: transport, port: port, family: source.family, source: source.value, interface: interface)
    }
}

/// The hooks that a packet passes.
public enum PacketPath: Hashable, Sendable {
    /// All hooks from prerouting on: the rulesets decide whether the packet is redirected.
    case arriving
    /// The forward hook, after another table has redirected the packet to an unknown destination.
    case published
    /// All hooks from prerouting on, of packets to this address, which is another host's.
    case routed(to: IPAddress)
    /// The hooks of packets that this host sends: their sources are the far ends, and their interface is the one by which
    /// they leave.
    case leaving
}

/// The verdict of a ruleset on a packet.
public enum PacketVerdict: Hashable, Sendable {
    /// The packet passes every hook.
    case accept
    /// The packet is dropped or rejected.
    case refuse
    /// Unknown: these rules decide on something that is not modelled, or not known of the packet.
    case unknown([RuleReference])
}

/// The verdict on a packet, and the rules that led to it.
public struct PacketConclusion: Hashable, Sendable {
    /// A rule that matched, or a policy that applied.
    public struct Step: Hashable, Sendable {
        /// The rule or the policy.
        public var place: RuleReference
        /// Its action in nft's notation: `accept`, `goto service-ssh`.
        public var action: String
    }

    /// The verdict.
    public var verdict: PacketVerdict
    /// The rules that matched and the policies that applied, in order.
    public var trace: [Step]
    /// The rule or the policy that decided; `nil` if there is not exactly one.
    public var decision: RuleReference?
    /// Whether the packet met a limit, which may refuse it at another time.
    public var isLimited: Bool
    /// The rule that redirects the connection; `nil` for none.
    public var redirection: RuleReference?
    /// Whether the packet is forwarded to another host, such as a container.
    public var isForwarded: Bool
    /// The address to which that rule sends it; `nil` for this host's, and if it is not known.
    public var target: IPAddress?
}
