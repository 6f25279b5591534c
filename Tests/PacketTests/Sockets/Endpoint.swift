import Addressing

extension IPAddress {
    /// Parses the address.
    init(_ text: String) throws {
        switch try AddressRange(text) {
        case .ipv4(let range): self = .ipv4(range.lowerBound)
        case .ipv6(let range): self = .ipv6(range.lowerBound)
        }
    }

    /// Whether the address is fe80::/10, RFC 4291 2.5.6.
    var isIPv6LinkLocal: Bool {
        guard case .ipv6(let value) = self else { return false }
        return value >> 118 == 0xfe80 >> 6
    }
}

/// An address and a port; for a link-local address with an interface.
struct Endpoint: Hashable, Sendable {
    var address: IPAddress
    var port: UInt16
    /// The index of a link-local address's interface.
    var scope: UInt32 = 0

    /// The port on every address of both families.
    static func any(_ port: UInt16) -> Self { Self(address: .ipv6(0), port: port) }
}
