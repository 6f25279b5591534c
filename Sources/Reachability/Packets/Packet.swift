public import Addressing

/// A packet of a connection to this host: the first one, or one of those that follow.
public struct Packet: Hashable, Sendable {
    /// The transport protocol.
    public var transport: TransportProtocol
    /// The destination port, as the client dials it.
    public var port: UInt16
    /// The family of the source.
    public var family: AddressFamily
    /// The source address: the number that it spells, most significant octet first.
    public var source: UInt128
    /// The name of the interface that it arrives on.
    public var interface: String
    /// The destination address, as `source`; `nil` for any address of this host.
    public var destination: UInt128?
    /// Whether the connection is established, and the packet brings data.
    public var isEstablished = false

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

    /// A packet from an address; an IPv4 or IPv6 range gives its first.
    public init(transport: TransportProtocol, port: UInt16, from source: AddressRange, interface: String) {
        switch source {
        case .ipv4(let range):
            self.init(
                transport: transport, port: port, family: .ipv4, source: UInt128(range.lowerBound), interface: interface
            )
        case .ipv6(let range):
            self.init(transport: transport, port: port, family: .ipv6, source: range.lowerBound, interface: interface)
        }
    }
}

/// Which of the packet's ways through the hooks is followed.
public enum PacketPath: Hashable, Sendable {
    /// From the first hook on: the rulesets decide whether it is redirected.
    case arriving
    /// Through the forward hook, after another table has redirected it to where is not known.
    case published
}

/// What becomes of a packet.
public enum PacketVerdict: Hashable, Sendable {
    /// It gets through every hook.
    case accept
    /// It is dropped or rejected.
    case refuse
    /// Something that is not modelled, or that the question leaves open, decides; these rules.
    case unknown([RuleReference])
}

/// What becomes of a packet, and how.
public struct PacketConclusion: Hashable, Sendable {
    /// One rule that matched, or one chain's policy, on the way.
    public struct Step: Hashable, Sendable {
        /// The place.
        public var place: RuleReference
        /// What it did, in nft's words: `accept`, `goto service-ssh`, `dnat`.
        public var action: String
    }

    /// What becomes of it.
    public var verdict: PacketVerdict
    /// The rules that matched and the policies that applied, in order.
    public var trace: [Step]
    /// What decided, if one place did.
    public var decision: RuleReference?
    /// Whether a limit was on the way, which may refuse the packet on another day.
    public var isLimited: Bool
    /// Where a rule sends the connection instead of the port that was dialled, in nft's words.
    public var redirection: RuleReference?
    /// Whether it leaves for another host, such as a container.
    public var isForwarded: Bool
}
