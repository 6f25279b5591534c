public import Rulesets

extension SetElements {
    /// The elements with `others` added; `nil` if one exists already or overlaps.
    public func adding(_ others: SetElements) -> SetElements? {
        switch (self, others) {
        case (_, _) where isEmpty: others
        case (.ranges32(let mine), .ranges32(let others)): Self.merge(mine, others).map(Self.ranges32)
        case (.ranges128(let mine), .ranges128(let others)): Self.merge(mine, others).map(Self.ranges128)
        case (.list(let mine), .list(let others)):
            Set(mine.map(\.identity)).isDisjoint(with: others.map(\.identity))
                ? .list((mine + others).sortedByKey()) : nil
        default: nil
        }
    }

    /// The elements without `others`; `nil` if one of these does not exist.
    public func removing(_ others: SetElements) -> SetElements? {
        switch (self, others) {
        case (.ranges32(let mine), .ranges32(let others)): Self.remove(others, from: mine).map(Self.ranges32)
        case (.ranges128(let mine), .ranges128(let others)): Self.remove(others, from: mine).map(Self.ranges128)
        case (.list(let mine), .list(let others)): Self.remove(others, from: mine).map(Self.list)
        default: nil
        }
    }

    private static func merge<Bound>(
        _ mine: [ClosedRange<Bound>], _ others: [ClosedRange<Bound>]
    ) -> [ClosedRange<Bound>]? {
        let all = (mine + others).sorted { $0.lowerBound < $1.lowerBound }
        let areDisjoint = all.indices.dropFirst().allSatisfy { all[$0 - 1].upperBound < all[$0].lowerBound }
        return areDisjoint ? all : nil
    }

    private static func remove<Item: Hashable>(_ others: [Item], from mine: [Item]) -> [Item]? {
        let going = Set(others)
        let rest = mine.filter { !going.contains($0) }
        return rest.count + others.count == mine.count ? rest : nil
    }
}

extension SetElement {
    /// The parts that are unique in a set.
    fileprivate var identity: [[UInt8]] { [key, upper ?? [], [UInt8(truncatingIfNeeded: flags)]] }
}
