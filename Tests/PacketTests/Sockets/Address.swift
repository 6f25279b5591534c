import Addressing

/// One address of either family.
enum Address: Hashable, Sendable {
    /// The number of an IPv4 address, in host byte order.
    case ipv4(UInt32)
    /// The number of an IPv6 address, in host byte order.
    case ipv6(UInt128)

    /// Parses the address.
    init(_ text: String) throws {
        switch try AddressRange(text) {
        case .ipv4(let range): self = .ipv4(range.lowerBound)
        case .ipv6(let range): self = .ipv6(range.lowerBound)
        }
    }

    var family: AddressFamily {
        switch self {
        case .ipv4: .ipv4
        case .ipv6: .ipv6
        }
    }

    /// Whether the address is fe80::/10, RFC 4291 2.5.6.
    var isIPv6LinkLocal: Bool {
        guard case .ipv6(let value) = self else { return false }
        return value >> 118 == 0xfe80 >> 6
    }
}

extension Address: CustomStringConvertible {
    var description: String {
        switch self {
        case .ipv4(let value): "\(IPv4Address(value: value))"
        case .ipv6(let value): "\(IPv6Address(value: value))"
        }
    }
}

/// An address and a port; for a link-local address with an interface.
struct Endpoint: Hashable, Sendable {
    var address: Address
    var port: UInt16
    /// The index of a link-local address's interface.
    var scope: UInt32 = 0

    /// The port on every address of both families.
    static func any(_ port: UInt16) -> Self { Self(address: .ipv6(0), port: port) }
}
