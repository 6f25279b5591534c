/// A protocol above IP; the raw value is the IANA protocol number.
public struct TransportProtocol: RawRepresentable, Hashable, Sendable {
    /// The number in the header of IP.
    public let rawValue: UInt8

    /// The protocol with this number.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Internet Control Message Protocol, RFC 792.
    public static let icmp = Self(rawValue: 1)
    /// Internet Group Management Protocol, RFC 3376.
    public static let igmp = Self(rawValue: 2)
    /// Transmission Control Protocol, RFC 9293.
    public static let tcp = Self(rawValue: 6)
    /// User Datagram Protocol, RFC 768.
    public static let udp = Self(rawValue: 17)
    /// Datagram Congestion Control Protocol, RFC 4340.
    public static let dccp = Self(rawValue: 33)
    /// Internet Control Message Protocol for IPv6, RFC 4443.
    public static let icmpv6 = Self(rawValue: 58)
    /// Stream Control Transmission Protocol, RFC 9260.
    public static let sctp = Self(rawValue: 132)
    /// Lightweight User Datagram Protocol, RFC 3828.
    public static let udplite = Self(rawValue: 136)

    /// The protocols with ports, by number.
    public static let withPorts = [tcp, udp, dccp, sctp, udplite]

    /// The protocol with ports that has this name in lower case, as in `/etc/protocols`; `nil` for any other.
    public init?(name: String) {
        guard let match = Self.withPorts.first(where: { $0.name == name }) else { return nil }
        self = match
    }

    /// Whether its packets have ports.
    public var hasPorts: Bool { Self.withPorts.contains(self) }

    /// The name as in `/etc/protocols`; the number for a protocol that is not well known.
    public var name: String { Self.names[Int(rawValue)] ?? "\(rawValue)" }

    /// By number: unlike a dictionary, an array needs no conformance to be looked up, which takes longer at every start.
    private static let names = {
        var names = [String?](repeating: nil, count: 256)
        for (number, name) in wellKnown { names[number] = name }
        return names
    }()

    private static let wellKnown = [
        (1, "icmp"), (2, "igmp"), (4, "ipencap"), (6, "tcp"), (17, "udp"), (33, "dccp"), (41, "ipv6"), (46, "rsvp"),
        (47, "gre"), (50, "esp"), (51, "ah"), (58, "ipv6-icmp"), (88, "eigrp"), (89, "ospf"), (94, "ipip"),
        (97, "etherip"), (103, "pim"), (108, "ipcomp"), (112, "vrrp"), (115, "l2tp"), (124, "isis"), (132, "sctp"),
        (135, "mobility-header"), (136, "udplite"), (137, "mpls-in-ip"), (139, "hip"),
    ]
}

extension TransportProtocol: CustomStringConvertible {
    /// The name.
    public var description: String { name }

    /// Ports of the protocol, the protocol first, as reports name them: `tcp/22`, `udp/8000-8100`; `esp` without ports.
    public func text(_ ports: ClosedRange<UInt16>) -> String {
        guard hasPorts else { return name }
        return ports.count == 1 ? "\(name)/\(ports.lowerBound)" : "\(name)/\(ports.lowerBound)-\(ports.upperBound)"
    }
}
