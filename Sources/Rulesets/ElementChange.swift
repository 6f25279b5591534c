/// What turns the elements of a set into others.
public struct ElementChange {
    /// Whether every old element goes, in one step.
    public private(set) var flushes = false
    /// The elements that go.
    public private(set) var deleted: SetElements
    /// The elements that come.
    public private(set) var added: SetElements

    /// The least change; an element whose verdict leads to a chain among `losing` goes even when it is wanted again.
    public init(
        from old: SetElements, to new: SetElements, of definition: SetDefinition, losing: Set<String> = []
    ) {
        (deleted, added) = (definition.noElements, definition.noElements)
        // Mostly nothing has changed, or all is new: neither takes a walk through every element.
        if losing.isEmpty && old == new { return }
        if old.isEmpty && old.isSameForm(as: new) {
            added = new
            return
        }
        switch (old, new) {
        case (.ranges32(let old), .ranges32(let new)):
            let change = Self.subtract(old, new)
            (deleted, added) = (.ranges32(change.gone), .ranges32(change.come))
        case (.ranges128(let old), .ranges128(let new)):
            let change = Self.subtract(old, new)
            (deleted, added) = (.ranges128(change.gone), .ranges128(change.come))
        case (.list(let old), .list(let new)) where !definition.holdsRanges:
            let kept = Set(old.filter { $0.target.map { !losing.contains($0) } ?? true })
            let wanted = Set(new)
            deleted = .list(old.filter { !kept.contains($0) || !wanted.contains($0) })
            added = .list(new.filter { !kept.contains($0) })
        default:
            // One of the two holds what no well-formed range set does: start afresh.
            if old != new { (flushes, added) = (!old.isEmpty, new) }
        }
        if new.isEmpty && !old.isEmpty { (flushes, deleted) = (true, definition.noElements) }
    }

    /// The ranges of either array that the other lacks, in O(n + m).
    private static func subtract<Bound: Comparable>(
        _ old: [ClosedRange<Bound>], _ new: [ClosedRange<Bound>]
    ) -> (gone: [ClosedRange<Bound>], come: [ClosedRange<Bound>]) {
        var (gone, come): ([ClosedRange<Bound>], [ClosedRange<Bound>]) = ([], [])
        var (i, j) = (0, 0)
        while i < old.count || j < new.count {
            if i < old.count, j < new.count, old[i] == new[j] {
                (i, j) = (i + 1, j + 1)
            } else if j == new.count || (i < old.count && old[i].precedes(new[j])) {
                gone.append(old[i])
                i += 1
            } else {
                come.append(new[j])
                j += 1
            }
        }
        return (gone, come)
    }
}

extension ClosedRange {
    /// The order of ranges by their ends.
    fileprivate func precedes(_ other: Self) -> Bool {
        (lowerBound, upperBound) < (other.lowerBound, other.upperBound)
    }
}
