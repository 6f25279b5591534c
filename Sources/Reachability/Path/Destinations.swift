internal import Addressing

/// The addresses of this host that the packets can be sent to.
///
/// What a ruleset asks of the destination is answered for each of them: where the answers agree, it is certain.
struct Destinations: Hashable {
    /// Each address as its bytes; empty where they are not known.
    private let addresses: [[UInt8]]

    /// More than this are taken for not known: each costs a look at every comparison.
    private static let most = 64

    /// The addresses of a family among those of this host; to those of loopback nobody else can send (RFC 1122 3.2.1.3,
    /// RFC 4291 2.5.3).
    init(_ set: AddressSet?, _ family: AddressFamily, includingLoopback: Bool) {
        let values: [[UInt8]]
        switch family {
        case .ipv4:
            let all = set?.ipv4.ranges.flatMap { $0.prefix(Self.most + 1) } ?? []
            values = all.filter { includingLoopback || $0 >> 24 != 127 }.map(\.bigEndianBytes)
        case .ipv6:
            let all = set?.ipv6.ranges.flatMap { $0.prefix(Self.most + 1) } ?? []
            values = all.filter { includingLoopback || $0 != 1 }.map(\.bigEndianBytes)
        }
        addresses = values.count > Self.most ? [] : values
    }

    /// Whether an address is this host's; `false` where that is not known.
    func contains(_ address: [UInt8]) -> Bool { addresses.contains(address) }

    /// What a key may be: once for each of the addresses where it has some of the destination, each possibility once.
    func readings(of key: [Octet]) -> [[Octet]] {
        guard !addresses.isEmpty, key.contains(where: \.isOfDestination) else { return [key] }
        var seen: Set<[Octet]> = []
        return addresses.compactMap { address in
            let reading = key.map { $0.resolved(address) }
            return seen.insert(reading).inserted ? reading : nil
        }
    }

    /// What holds of a key whatever the destination is; open where that depends on it.
    func certainty(of key: [Octet], _ test: ([Octet]) -> Certainty) -> Certainty {
        let readings = readings(of: key)
        let first = test(readings[0])
        return readings.dropFirst().allSatisfy { test($0) == first } ? first : .open
    }
}

extension Octet {
    fileprivate var isOfDestination: Bool {
        if case .destination = origin, mask != 0 { true } else { false }
    }

    /// The octet of a packet to this address.
    fileprivate func resolved(_ destination: [UInt8]) -> Octet {
        guard case .destination(let index) = origin else { return self }
        return Octet((destination[Int(index)] & mask) ^ flip)
    }
}
