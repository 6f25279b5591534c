internal import Addressing

/// The keys of the interfaces that a host has, found by protocol, family and destination.
///
/// A policy may have thousands of services, each at an address of its own, so that no search may pass all keys.
struct OuterKeys {
    private struct Place: Hashable {
        let transport: TransportProtocol
        let family: AddressFamily
    }

    /// The keys in their order.
    private var all: [Place: [AccessRegions.Key]] = [:]
    /// The indices in `all` by the lowest address of a range of the destination; the ranges are disjoint.
    private var ranges: [Place: [(range: ClosedRange<UInt128>, indices: [Int])]] = [:]
    /// The indices of keys with every destination.
    private var everywhere: [Place: [Int]] = [:]

    init(_ keys: [AccessRegions.Key], on interfaces: Set<InterfaceClass>) {
        for key in keys where interfaces.contains(key.interface) {
            all[Place(transport: key.transport, family: key.family), default: []].append(key)
        }
        for (place, keys) in all {
            var indices: [ClosedRange<UInt128>: [Int]] = [:]
            for (index, key) in keys.enumerated() {
                guard let addresses = key.destination.addresses else {
                    everywhere[place, default: []].append(index)
                    continue
                }
                for range in addresses.ranges(of: place.family) { indices[range, default: []].append(index) }
            }
            ranges[place] = indices.map { ($0.key, $0.value) }.sorted { $0.range.lowerBound < $1.range.lowerBound }
        }
    }

    /// The keys of a protocol and family, for packets to any of these addresses; to all if there are none.
    func keys(
        _ transport: TransportProtocol, _ family: AddressFamily, at addresses: [IPAddress]
    ) -> [AccessRegions.Key] {
        let place = Place(transport: transport, family: family)
        guard let keys = all[place] else { return [] }
        guard !addresses.isEmpty else { return keys }
        var found = Set(everywhere[place] ?? [])
        for address in addresses where address.family == family {
            found.formUnion(Self.indices(ranges[place] ?? [], at: address.value))
        }
        return found.sorted().map { keys[$0] }
    }

    /// The indices of the range with this address.
    private static func indices(
        _ ranges: [(range: ClosedRange<UInt128>, indices: [Int])], at address: UInt128
    ) -> [Int] {
        let place = ranges.partitioningIndex { $0.range.upperBound >= address }
        return place < ranges.count && ranges[place].range.contains(address) ? ranges[place].indices : []
    }
}
