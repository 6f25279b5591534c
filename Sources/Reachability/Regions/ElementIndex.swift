internal import Rulesets

/// The elements of a set by their keys, for look-ups of keys that do not depend on the packet.
///
/// A host may have thousands of services, each with an address that is looked up in the same map.
struct ElementIndex {
    /// The elements of one key each.
    private var single: [[UInt8]: [Int]] = [:]
    /// The ranges, ascending, if they are disjoint.
    private var ranges: [(lower: [UInt8], upper: [UInt8], position: Int)] = []
    /// The elements that any key may find.
    private var others: [Int] = []

    /// The index of the elements of a set, whose keys have `length` bytes.
    init(_ elements: [SetElement], _ length: Int) {
        for (position, element) in elements.enumerated() {
            let upper = element.upper ?? element.key
            if element.flags != 0 || !element.unrecognized.isEmpty || element.key.count != length
                || upper.count != length
            {
                others.append(position)
            } else if element.key == upper {
                single[element.key, default: []].append(position)
            } else {
                ranges.append((element.key, upper, position))
            }
        }
        ranges.sort { $0.lower.lexicographicallyPrecedes($1.lower) }
        guard !areDisjoint else { return }
        others += ranges.map(\.position)
        ranges = []
    }

    private var areDisjoint: Bool {
        ranges.allSatisfy { $0.lower.lexicographicallyPrecedes($0.upper) }
            && zip(ranges, ranges.dropFirst()).allSatisfy { $0.upper.lexicographicallyPrecedes($1.lower) }
    }

    /// The positions of the elements that a key may find, ascending.
    func positions(of key: [UInt8]) -> [Int] {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upper.lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
        }
        let range = low < ranges.count ? [ranges[low].position] : []
        return ((single[key] ?? []) + range + others).sorted()
    }
}
