public import Addressing

/// Finds those of many ranges that overlap a range, in a few steps where the ranges are disjoint or nearly so.
public struct RangeIndex {
    /// The ranges with their positions in the list, by their lower bounds.
    private let sorted: [(range: ClosedRange<UInt128>, position: Int)]
    /// The greatest upper bound of the ranges up to each one.
    private let greatest: [UInt128]

    /// The index of a list of ranges.
    public init(_ ranges: [ClosedRange<UInt128>]) {
        sorted = ranges.enumerated().map { (range: $1, position: $0) }
            .sorted { ($0.range.lowerBound, $0.position) < ($1.range.lowerBound, $1.position) }
        var greatest: [UInt128] = []
        greatest.reserveCapacity(sorted.count)
        for entry in sorted { greatest.append(max(greatest.last ?? 0, entry.range.upperBound)) }
        self.greatest = greatest
    }

    /// The positions in the list of the ranges that overlap `range`, in no order.
    public func positions(overlapping range: ClosedRange<UInt128>) -> [Int] {
        var found: [Int] = []
        var index = end(startingAtOrBelow: range.upperBound) - 1
        while index >= 0, greatest[index] >= range.lowerBound {
            if sorted[index].range.upperBound >= range.lowerBound { found.append(sorted[index].position) }
            index -= 1
        }
        return found
    }

    /// The number of ranges that start at or below `value`.
    private func end(startingAtOrBelow value: UInt128) -> Int {
        sorted.partitioningIndex { $0.range.lowerBound > value }
    }
}

extension AddressSet {
    /// The ranges of a family, as numbers.
    public func ranges(of family: AddressFamily) -> [ClosedRange<UInt128>] {
        family == .ipv6 ? ipv6.ranges : ipv4.ranges.map { UInt128($0.lowerBound)...UInt128($0.upperBound) }
    }
}
