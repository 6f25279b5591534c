internal import Addressing

/// The addresses of this host, the possible destinations of packets.
///
/// A test of the destination is made for each address; the result is certain if it is the same for all.
struct Destinations: Hashable {
    /// The bytes of each address in network byte order; empty if the addresses are unknown.
    private let addresses: [[UInt8]]

    /// The largest number of addresses, which each test costs; more count as unknown.
    private static let most = 64

    /// The addresses of a family; other hosts cannot send to loopback addresses (RFC 1122 3.2.1.3, RFC 4291 2.5.3).
    init(_ set: AddressSet?, _ family: AddressFamily, includingLoopback: Bool) {
        let values: [[UInt8]]
        switch family {
        case .ipv4:
            values = Self.first(set?.ipv4.ranges ?? []) { includingLoopback || $0 >> 24 != 127 }
        case .ipv6:
            values = Self.first(set?.ipv6.ranges ?? []) { includingLoopback || $0 != 1 }
        }
        addresses = values.count > Self.most ? [] : values
    }

    /// The first addresses that count, one more than are tested: a host with thousands has them in every setting.
    private static func first<Value: FixedWidthInteger & UnsignedInteger>(
        _ ranges: [ClosedRange<Value>], where counts: (Value) -> Bool
    ) -> [[UInt8]] where Value.Stride: SignedInteger {
        var values: [[UInt8]] = []
        for range in ranges {
            for value in range.prefix(most + 1) where counts(value) {
                values.append(value.bigEndianBytes)
                if values.count > most { return values }
            }
        }
        return values
    }

    /// The addresses as numbers; `nil` if they are unknown.
    var numbers: [UInt128]? { addresses.isEmpty ? nil : addresses.map(UInt128.init(bigEndianBytes:)) }

    /// Whether an address belongs to this host; `false` if the addresses are unknown.
    func contains(_ address: [UInt8]) -> Bool { addresses.contains(address) }

    /// The possible values of a key, each once: if it has bytes of the destination, one for each address.
    func readings(of key: [SymbolicByte]) -> [[SymbolicByte]] {
        guard !addresses.isEmpty, key.contains(where: \.isOfDestination) else { return [key] }
        var seen: Set<[SymbolicByte]> = []
        return addresses.compactMap { address in
            let reading = key.map { $0.resolved(address) }
            return seen.insert(reading).inserted ? reading : nil
        }
    }

    /// The result of a test of a key; open if it depends on the destination.
    func certainty(of key: [SymbolicByte], _ test: ([SymbolicByte]) -> Certainty) -> Certainty {
        let readings = readings(of: key)
        let first = test(readings[0])
        return readings.dropFirst().allSatisfy { test($0) == first } ? first : .open
    }
}

extension SymbolicByte {
    /// Whether it depends on the destination.
    var isOfDestination: Bool {
        if case .destination = origin, mask != 0 { true } else { false }
    }

    /// The byte in a packet to this address.
    fileprivate func resolved(_ destination: [UInt8]) -> SymbolicByte {
        guard case .destination(let index) = origin else { return self }
        return SymbolicByte((destination[Int(index)] & mask) ^ flip)
    }
}
