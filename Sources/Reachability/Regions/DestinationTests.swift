internal import Addressing

/// The tests of the destination in an evaluation, with the ports of the packets that meet them.
///
/// An evaluation of packets to other destinations takes the same steps wherever each of these tests has the same result: on
/// all other ports its result is the same.
struct DestinationTests {
    private var tests: [(addresses: ClosedRange<UInt128>, ports: [ClosedRange<UInt16>])] = []

    /// Adds a test: its result may differ from the result in this evaluation at these addresses; at all if they are `nil`.
    mutating func add(_ pieces: [Piece], _ addresses: [ClosedRange<UInt128>]?) {
        let ports = pieces.flatMap(\.ports.ranges)
        for range in addresses ?? [0...UInt128.max] { tests.append((range, ports)) }
    }

    /// Adds the tests of another evaluation to the same destinations.
    mutating func add(_ other: Self) { tests += other.tests }

    /// The ports on which the result may differ, by destination.
    var ports: DestinationPorts {
        let everywhere = tests.filter { $0.addresses == 0...UInt128.max }
        let others = tests.filter { $0.addresses != 0...UInt128.max }
        return DestinationPorts(
            everywhere: IntervalSet(everywhere.flatMap(\.ports)), index: RangeIndex(others.map(\.addresses)),
            ports: others.map(\.ports))
    }
}

/// The ports on which the results for other destinations may differ from the result of an evaluation.
struct DestinationPorts {
    fileprivate let everywhere: IntervalSet<UInt16>
    fileprivate let index: RangeIndex
    /// The ports of each range in the index.
    fileprivate let ports: [[ClosedRange<UInt16>]]

    /// The ports on which the result may differ for packets to these addresses; to any if they are `nil`.
    func at(_ addresses: [UInt128]?) -> IntervalSet<UInt16> {
        let ranges = addresses?.map { $0...$0 } ?? [0...UInt128.max]
        let found = Set(ranges.flatMap(index.positions))
        return found.isEmpty ? everywhere : everywhere.union(IntervalSet(found.flatMap { ports[$0] }))
    }
}

extension Destinations {
    /// The addresses at which a test may have another result than at the possible destinations; `nil` for any.
    ///
    /// The test has the same result for all addresses outside of `ranges`; nothing is assumed of the results inside.
    func addresses(decidedBy ranges: [ClosedRange<UInt128>]?) -> [ClosedRange<UInt128>]? {
        guard let ranges, let own = numbers else { return nil }
        return own.contains { address in ranges.contains { $0.contains(address) } } ? nil : ranges
    }

    /// The same for a test with one result inside of the range, and one outside.
    func addresses(dividedBy range: ClosedRange<UInt128>?) -> [ClosedRange<UInt128>]? {
        guard let range, let own = numbers else { return nil }
        guard let first = own.first, own.allSatisfy({ range.contains($0) == range.contains(first) }) else { return nil }
        guard range.contains(first) else { return [range] }
        var others: [ClosedRange<UInt128>] = []
        if range.lowerBound > 0 { others.append(0...(range.lowerBound - 1)) }
        if range.upperBound < .max { others.append((range.upperBound + 1)...UInt128.max) }
        return others
    }
}
