/// Which rules of a chain stay, go and come.
public struct RuleAlignment {
    /// Indices of old rules that go, ascending.
    public private(set) var deleted: [Int] = []
    /// Indices of new rules that come, ascending, each with the index of the old rule that it goes before.
    public private(set) var added: [(index: Int, successor: Int?)] = []

    /// Above this many cells the middle is replaced as a whole: the comparison is quadratic where nothing matches.
    private static let affordableCells = 4_000_000

    /// Aligns two chains; an old rule for which `isKeepable` is false goes even when it is wanted again.
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

    /// Pairs each new rule of a longest common subsequence with its old rule.
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
    /// Where the change is.
    fileprivate var offset: Int {
        switch self {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }
}
