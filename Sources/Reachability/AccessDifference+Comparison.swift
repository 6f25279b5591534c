internal import Addressing
internal import Rulesets

extension AccessDifference {
    /// Ports whose access changes in the same way.
    struct Change: Hashable {
        var ports: ClosedRange<UInt16>
        let sources: SourceSpace.ID
        let doubts: [Int]
    }

    /// Changes of each kind, ascending; adjacent ones differ.
    struct Changes {
        var gained: [Change] = []
        var lost: [Change] = []
        var unknown: [Change] = []
    }

    /// The changes for packets that differ in the destination, the port and the source.
    struct Comparison {
        /// A destination with changes of its own at some ports.
        struct Exception {
            /// The position of the class in the list of its family.
            let position: Int
            let ports: IntervalSet<UInt16>
            let changes: Changes
        }

        /// The key of the first destination.
        let key: AccessRegions.Key
        /// The changes at all destinations, except at the ports of an exception.
        let common: Changes
        let exceptions: [Exception]

        /// Compares the access of keys that differ only in the destination, before and after.
        init(
            _ keys: [AccessRegions.Key], _ before: AccessRegions, _ after: AccessRegions,
            doubtedBy kept: Set<TableName>
        ) {
            key = keys[0]
            let comparer = Comparer(space: before.spaces[key.family], rules: before.rules, kept: kept)
            let lists = keys.map { (old: before.segments[$0], new: after.segments[$0]) }
            common = comparer.changes(lists[0].old?.common ?? [], lists[0].new?.common ?? [])
            exceptions = lists.enumerated().compactMap { position, lists in
                guard let old = lists.old, let new = lists.new else { return nil }
                let ports = old.ports.union(new.ports)
                guard !ports.isEmpty else { return nil }
                var changes = Changes()
                for range in ports.ranges { comparer.add(old.segments(range), new.segments(range), to: &changes) }
                return Exception(position: position, ports: ports, changes: changes)
            }
        }
    }
}

/// Compares segments of two rulesets.
private struct Comparer {
    typealias Segment = AccessRegions.Segment

    let space: SourceSpace
    let rules: RuleNumbers
    /// The tables that do not change.
    let kept: Set<TableName>

    func changes(_ old: [Segment], _ new: [Segment]) -> AccessDifference.Changes {
        var changes = AccessDifference.Changes()
        add(old, new, to: &changes)
        return changes
    }

    /// Adds the changes between two lists of segments with the same ports.
    func add(_ old: [Segment], _ new: [Segment], to changes: inout AccessDifference.Changes) {
        for (ports, was, willBe) in pairs(old, new) where !areSame(was, willBe) {
            let more = space.difference(space.difference(willBe.open, was.open), was.unknown)
            let less = space.difference(space.difference(was.open, willBe.open), willBe.unknown)
            add(ports, more, [], to: &changes.gained)
            add(ports, less, [], to: &changes.lost)
            add(ports, space.union(was.unknown, willBe.unknown), was.doubts + willBe.doubts, to: &changes.unknown)
        }
    }

    private func add(
        _ ports: ClosedRange<UInt16>, _ sources: SourceSpace.ID, _ doubts: [Int],
        to changes: inout [AccessDifference.Change]
    ) {
        let sources = space.canonical(sources)
        guard sources != space.none else { return }
        changes.append(joining: .init(ports: ports, sources: sources, doubts: Set(doubts).sorted()))
    }

    /// Whether both have the same access, unknown at most because of the same rules of tables that do not change.
    private func areSame(_ old: Segment, _ new: Segment) -> Bool {
        guard old.open == new.open, old.unknown == new.unknown, old.doubts == new.doubts else { return false }
        return old.doubts.allSatisfy { kept.contains(rules.all[$0].table) }
    }

    /// The ports of both lists, cut into ranges that are in one segment of each list.
    private func pairs(
        _ old: [Segment], _ new: [Segment]
    ) -> [(ports: ClosedRange<UInt16>, old: Segment, new: Segment)] {
        var pairs: [(ports: ClosedRange<UInt16>, old: Segment, new: Segment)] = []
        var i = 0
        var j = 0
        while i < old.count, j < new.count {
            let lower = max(old[i].ports.lowerBound, new[j].ports.lowerBound)
            let upper = min(old[i].ports.upperBound, new[j].ports.upperBound)
            pairs.append((lower...upper, old[i], new[j]))
            if old[i].ports.upperBound == upper { i += 1 }
            if new[j].ports.upperBound == upper { j += 1 }
        }
        return pairs
    }
}

extension [AccessDifference.Change] {
    /// Adds a change behind the last one, to it where both are adjacent and the same.
    mutating func append(joining change: Element) {
        if let last, last.sources == change.sources, last.doubts == change.doubts,
            Int(last.ports.upperBound) + 1 == Int(change.ports.lowerBound)
        {
            self[count - 1].ports = last.ports.lowerBound...change.ports.upperBound
        } else {
            append(change)
        }
    }

    /// The indices of the ascending changes that have or touch one of these ports.
    func touching(_ ports: IntervalSet<UInt16>) -> [Int] {
        var found: [Int] = []
        for range in ports.ranges {
            let (least, most) = (Int(range.lowerBound) - 1, Int(range.upperBound) + 1)
            var index = Swift.max(firstIndex(endingAtOrAbove: least), (found.last ?? -1) + 1)
            while index < count, Int(self[index].ports.lowerBound) <= most {
                found.append(index)
                index += 1
            }
        }
        return found
    }

    private func firstIndex(endingAtOrAbove port: Int) -> Int {
        partitioningIndex { Int($0.ports.upperBound) >= port }
    }
}
