/// The transport protocols with ports that a policy can open; the raw value is the IANA protocol number.
public enum TransportProtocol: UInt8, Hashable, Sendable, CaseIterable {
    /// Transmission Control Protocol, RFC 9293.
    case tcp = 6
    /// User Datagram Protocol, RFC 768.
    case udp = 17
    /// Datagram Congestion Control Protocol, RFC 4340.
    case dccp = 33
    /// Stream Control Transmission Protocol, RFC 9260.
    case sctp = 132
    /// Lightweight User Datagram Protocol, RFC 3828.
    case udplite = 136

    /// The protocol with this name in lower case, as in `/etc/protocols`; `nil` for any other.
    public init?(name: String) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }

    /// The name: lower case, as in `/etc/protocols` and in nft.
    public var name: String {
        switch self {
        case .tcp: "tcp"
        case .udp: "udp"
        case .dccp: "dccp"
        case .sctp: "sctp"
        case .udplite: "udplite"
        }
    }
}
