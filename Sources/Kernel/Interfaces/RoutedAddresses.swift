internal import Addressing

/// The addresses that one routing table sends to each interface: of several routes the one with the longest prefix decides.
struct RoutedAddresses {
    private var ipv4: [ClosedRange<UInt32>: Set<UInt32>] = [:]
    private var ipv6: [ClosedRange<UInt128>: Set<UInt32>] = [:]

    /// Adds a route; routes with the same prefix and different metrics all count.
    mutating func add(_ route: TableRoute) {
        switch route.destinations {
        case .ipv4(let range): ipv4[range, default: []].formUnion(route.interfaces)
        case .ipv6(let range): ipv6[range, default: []].formUnion(route.interfaces)
        }
    }

    /// The addresses by interface.
    var byInterface: [UInt32: AddressSet] {
        var all: [UInt32: AddressSet] = [:]
        for (interface, ranges) in Self.deciding(ipv4) {
            all[interface, default: AddressSet()].ipv4 = IntervalSet(ranges)
        }
        for (interface, ranges) in Self.deciding(ipv6) {
            all[interface, default: AddressSet()].ipv6 = IntervalSet(ranges)
        }
        return all
    }

    /// The parts of each prefix that no longer one covers, by interface; prefixes are nested or disjoint.
    private static func deciding<Bound: FixedWidthInteger>(
        _ routes: [ClosedRange<Bound>: Set<UInt32>]
    ) -> [UInt32: [ClosedRange<Bound>]] {
        var found: [UInt32: [ClosedRange<Bound>]] = [:]
        var open: [(range: ClosedRange<Bound>, interfaces: Set<UInt32>)] = []
        /// The first address that is not assigned yet; `nil` after the last one of all.
        var next: Bound? = 0
        func assign(through last: Bound) {
            guard let (range, interfaces) = open.last, let first = next, max(first, range.lowerBound) <= last else {
                return
            }
            for interface in interfaces { found[interface, default: []].append(max(first, range.lowerBound)...last) }
            next = last == .max ? nil : last + 1
        }
        func close(before start: Bound?) {
            while let (range, _) = open.last, start.map({ range.upperBound < $0 }) ?? true {
                assign(through: range.upperBound)
                open.removeLast()
            }
        }
        let sorted = routes.sorted {
            ($0.key.lowerBound, $1.key.upperBound) < ($1.key.lowerBound, $0.key.upperBound)
        }
        for (range, interfaces) in sorted {
            close(before: range.lowerBound)
            if range.lowerBound > 0 { assign(through: range.lowerBound - 1) }
            open.append((range, interfaces))
        }
        close(before: nil)
        return found
    }
}
