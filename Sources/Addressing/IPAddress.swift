/// One address of either family.
public enum IPAddress: Hashable, Sendable {
    /// An IPv4 address in host byte order; 0 for all.
    case ipv4(UInt32)
    /// An IPv6 address in host byte order; 0 for all. An IPv4-mapped address is held as `ipv4`.
    case ipv6(UInt128)

    /// The address that a range consists of; `nil` for a range of several.
    public init?(_ range: AddressRange) {
        guard range.isSingle else { return nil }
        switch range {
        case .ipv4(let range): self = .ipv4(range.lowerBound)
        case .ipv6(let range): self = .ipv6(range.lowerBound)
        }
    }

    /// The address of these bytes, most significant first; `nil` unless there are as many as an address has.
    public init?(bigEndianBytes bytes: [UInt8]) {
        switch bytes.count {
        case 4: self = .ipv4(UInt32(bigEndianBytes: bytes))
        case 16: self = .ipv6(UInt128(bigEndianBytes: bytes))
        default: return nil
        }
    }

    /// The family.
    public var family: AddressFamily {
        switch self {
        case .ipv4: .ipv4
        case .ipv6: .ipv6
        }
    }

    /// The address as a number, its first byte most significant.
    public var value: UInt128 {
        switch self {
        case .ipv4(let value): UInt128(value)
        case .ipv6(let value): value
        }
    }

    /// The bytes, most significant first.
    public var bigEndianBytes: [UInt8] {
        switch self {
        case .ipv4(let value): value.bigEndianBytes
        case .ipv6(let value): value.bigEndianBytes
        }
    }

    /// The range that consists of the address.
    public var range: AddressRange {
        switch self {
        case .ipv4(let value): .ipv4(value...value)
        case .ipv6(let value): .ipv6(value...value)
        }
    }

    /// Whether only the host itself has it: 127.0.0.0/8 (RFC 1122 3.2.1.3), ::1 (RFC 4291 2.5.3).
    public var isLoopback: Bool {
        switch self {
        case .ipv4(let value): value >> 24 == 127
        case .ipv6(let value): value == 1
        }
    }

    /// Whether it stands for every address of its family.
    public var isUnspecified: Bool { value == 0 }
}

extension IPAddress: CustomStringConvertible {
    /// The address as policies write it.
    public var description: String {
        switch self {
        case .ipv4(let value): IPv4Address(value: value).description
        case .ipv6(let value): IPv6Address(value: value).description
        }
    }
}

extension IPAddress: Comparable {
    /// Whether `left` comes first: IPv4 before IPv6, then by number.
    public static func < (left: Self, right: Self) -> Bool {
        left.family == right.family ? left.value < right.value : left.family == .ipv4
    }
}

extension AddressSet {
    /// One address.
    public init(_ address: IPAddress) { self.init(address.range) }

    /// Addresses.
    @inlinable public init(_ addresses: some Sequence<IPAddress>) {
        var ipv4: [ClosedRange<UInt32>] = []
        var ipv6: [ClosedRange<UInt128>] = []
        for address in addresses {
            switch address {
            case .ipv4(let value): ipv4.append(value...value)
            case .ipv6(let value): ipv6.append(value...value)
            }
        }
        self.init(ipv4: IntervalSet(ipv4), ipv6: IntervalSet(ipv6))
    }

    /// Whether the set has an address.
    public func contains(_ address: IPAddress) -> Bool {
        switch address {
        case .ipv4(let value): ipv4.contains(value)
        case .ipv6(let value): ipv6.contains(value)
        }
    }
}
