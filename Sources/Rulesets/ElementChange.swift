/// The changes that turn the elements of a set into others.
public struct ElementChange {
    /// Whether to flush all old elements in one step.
    public private(set) var flushes = false
    /// The elements to delete.
    public private(set) var deleted: SetElements
    /// The elements to add.
    public private(set) var added: SetElements

    /// The smallest change; an element with a jump to a chain in `losing` is deleted even if it is in `new`.
    public init(
        from old: SetElements, to new: SetElements, of definition: SetDefinition, losing: Set<String> = []
    ) {
        deleted = definition.noElements
        added = definition.noElements
        // The usual cases, no change and a new set, are done without a pass over all elements.
        if losing.isEmpty && old == new { return }
        if old.isEmpty && old.isSameForm(as: new) {
            added = new
            return
        }
        switch (old, new) {
        case (.ranges32(let old), .ranges32(let new)):
            let change = Self.subtract(old, new)
            deleted = .ranges32(change.deleted)
            added = .ranges32(change.added)
        case (.ranges128(let old), .ranges128(let new)):
            let change = Self.subtract(old, new)
            deleted = .ranges128(change.deleted)
            added = .ranges128(change.added)
        case (.list(let old), .list(let new)) where !definition.holdsRanges:
            let kept = Set(old.filter { $0.target.map { !losing.contains($0) } ?? true })
            let wanted = Set(new)
            deleted = .list(old.filter { !kept.contains($0) || !wanted.contains($0) })
            added = .list(new.filter { !kept.contains($0) })
        default:
            // One of the two is not a well-formed set of ranges: replace all elements.
            if old != new {
                flushes = !old.isEmpty
                added = new
            }
        }
        if new.isEmpty && !old.isEmpty {
            flushes = true
            deleted = definition.noElements
        }
    }

    /// The ranges that are only in `old` and only in `new`, in O(n + m).
    private static func subtract<Bound: Comparable>(
        _ old: [ClosedRange<Bound>], _ new: [ClosedRange<Bound>]
    ) -> (deleted: [ClosedRange<Bound>], added: [ClosedRange<Bound>]) {
        var deleted: [ClosedRange<Bound>] = []
        var added: [ClosedRange<Bound>] = []
        var i = 0
        var j = 0
        while i < old.count || j < new.count {
            if i < old.count, j < new.count, old[i] == new[j] {
                i += 1
                j += 1
            } else if j == new.count || (i < old.count && old[i].precedes(new[j])) {
                deleted.append(old[i])
                i += 1
            } else {
                added.append(new[j])
                j += 1
            }
        }
        return (deleted, added)
    }
}

extension ClosedRange {
    /// The order by lower, then by upper bound.
    fileprivate func precedes(_ other: Self) -> Bool {
        (lowerBound, upperBound) < (other.lowerBound, other.upperBound)
    }
}
