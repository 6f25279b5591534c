/// The rules of a chain to delete and to add; the others stay.
public struct RuleAlignment {
    /// The indices of old rules to delete, ascending.
    public private(set) var deleted: [Int] = []
    /// The indices of new rules to add, ascending, each with the index of the old rule that it precedes; `nil` at the end.
    public private(set) var added: [(index: Int, successor: Int?)] = []

    /// The limit of old rules times new rules; above it all rules in the middle are replaced, since the comparison is
    /// quadratic if nothing matches.
    private static let affordableCells = 4_000_000

    /// Aligns two chains; an old rule for which `isKeepable` is false is deleted even if it is in `new`.
    public init(from old: [Rule], to new: [Rule], isKeepable: (Rule) -> Bool = { _ in true }) {
        let keepable = old.map(isKeepable)
        let start = zip(old.indices, new.indices).prefix { keepable[$0] && old[$0] == new[$1] }.count
        let rest = min(old.count, new.count) - start
        let end = (0..<rest).prefix { step in
            keepable[old.count - 1 - step] && old[old.count - 1 - step] == new[new.count - 1 - step]
        }.count
        let oldMiddle = start..<(old.count - end)
        let newMiddle = start..<(new.count - end)
        var pairs: [Int: Int] = [:]
        if oldMiddle.count * newMiddle.count <= Self.affordableCells {
            pairs = Self.commonSubsequence(old, oldMiddle, new, newMiddle, keepable)
        }
        let kept = Set(pairs.values)
        deleted = oldMiddle.filter { !kept.contains($0) }
        var successor = end > 0 ? oldMiddle.upperBound : nil
        for index in newMiddle.reversed() {
            if let partner = pairs[index] { successor = partner } else { added.append((index, successor)) }
        }
        added.reverse()
    }

    /// The index of each new rule in a longest common subsequence, with the index of its old rule.
    private static func commonSubsequence(
        _ old: [Rule], _ oldRange: Range<Int>, _ new: [Rule], _ newRange: Range<Int>, _ keepable: [Bool]
    ) -> [Int: Int] {
        let candidates = oldRange.filter { keepable[$0] }
        guard !candidates.isEmpty, !newRange.isEmpty else { return [:] }
        let changes = new[newRange].difference(from: candidates.map { old[$0] })
        let removed = Set(changes.removals.map(\.offset))
        let inserted = Set(changes.insertions.map(\.offset))
        let stayingOld = candidates.indices.filter { !removed.contains($0) }.map { candidates[$0] }
        let stayingNew = newRange.indices.filter { !inserted.contains($0 - newRange.lowerBound) }
        return Dictionary(uniqueKeysWithValues: zip(stayingNew, stayingOld))
    }
}

extension CollectionDifference.Change {
    /// The index of the change.
    fileprivate var offset: Int {
        switch self {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }
}
