internal import Addressing

/// Finds the next of many rules whose bounds in one dimension overlap a range, in a few steps.
///
/// The dimension is cut into parts where the bounds of a rule begin or end; a tree over the parts has each rule at the few
/// nodes that make up its range.
struct BoundsIndex {
    /// The first number of each part but the first one, ascending.
    private let edges: [UInt128]
    /// The positions of the rules at each node, ascending: the root is node 1, the children of n are 2n and 2n + 1.
    private var nodes: [[Int32]]
    /// The number of leaves, a power of two.
    private let leaves: Int
    /// The positions of the rules without bounds, ascending.
    private var free: [Int32] = []

    /// More parts than these are not searched: the next rule is taken to overlap.
    private static let mostParts = 8

    /// The index of rules with these bounds, `nil` for none; `nil` if none has any.
    init?(_ bounds: [ClosedRange<UInt128>?]) {
        guard bounds.contains(where: { $0 != nil }) else { return nil }
        var edges: [UInt128] = []
        for case let range? in bounds {
            edges.append(range.lowerBound)
            if range.upperBound < .max { edges.append(range.upperBound + 1) }
        }
        edges.sort()
        self.edges = edges.indices.filter { $0 == 0 || edges[$0] != edges[$0 - 1] }.map { edges[$0] }
        var leaves = 1
        while leaves <= self.edges.count { leaves *= 2 }
        self.leaves = leaves
        nodes = Array(repeating: [], count: 2 * leaves)
        for (position, range) in bounds.enumerated() {
            if let range { insert(Int32(position), range) } else { free.append(Int32(position)) }
        }
    }

    private mutating func insert(_ position: Int32, _ range: ClosedRange<UInt128>) {
        var (low, high) = (leaves + part(of: range.lowerBound), leaves + part(of: range.upperBound))
        while low <= high {
            if low % 2 == 1 { nodes[low].append(position) }
            if high % 2 == 0 { nodes[high].append(position) }
            (low, high) = ((low + 1) / 2, (high - 1) / 2)
        }
    }

    /// The part that a number is in.
    private func part(of number: UInt128) -> Int { edges.partitioningIndex { $0 > number } }

    /// The first position from `start` on whose bounds may overlap the range; `nil` if there is none.
    func first(from start: Int, overlapping range: ClosedRange<UInt128>) -> Int? {
        let (low, high) = (part(of: range.lowerBound), part(of: range.upperBound))
        guard high - low < Self.mostParts else { return start }
        var best = free.first(from: Int32(start)) ?? .max
        for part in low...high {
            var node = leaves + part
            while node > 0 {
                if let found = nodes[node].first(from: Int32(start)) { best = min(best, found) }
                node /= 2
            }
        }
        return best == .max ? nil : Int(best)
    }
}

extension [Int32] {
    /// The first element of the ascending array from `start` on.
    fileprivate func first(from start: Int32) -> Int32? {
        guard let last, last >= start else { return nil }
        return self[partitioningIndex { $0 >= start }]
    }
}
