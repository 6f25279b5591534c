internal import Rulesets

/// What the tree of an interval set has inside when the set holds these ranges.
///
/// A tree that was filled by nft or by a `Batch` opens with an end at zero which tells nothing, unless a range starts there.
/// The kernel counts an interval once: it halves the number of starts and ends and drops the rest (`nft_rbtree_usize` of
/// `net/netfilter/nft_set_rbtree.c`). An odd number of expected elements, each of which was found, and the count that
/// belongs to it leave no room for another; with an even number there might be one more.
struct ExpectedElements<Key: IntervalKey> {
    /// The ranges, ascending and disjoint.
    let ranges: [ClosedRange<Key>]

    /// The number of starts and ends.
    var count: Int { plainCount + (TreeElement.opening(of: ranges) == nil ? 0 : 1) }

    /// The same without an end at zero.
    private var plainCount: Int { 2 * ranges.count - (ranges.last?.upperBound == Key.max ? 1 : 0) }

    /// Whether a set that has each of the elements, and this count, has no other.
    func isExhausted(by reported: UInt32) -> Bool { count == 2 * Int(reported) + 1 }

    /// Whether the kernel reports this count of such a set, be it with an end at zero or without.
    func agrees(with reported: UInt32) -> Bool { (plainCount / 2)...((plainCount + 1) / 2) ~= Int(reported) }

    /// A few of the ranges, spread evenly, among them the first and the last.
    func sample(_ number: Int) -> Self {
        guard ranges.count > number, let last = ranges.last else { return self }
        let step = ranges.count / number
        return Self(ranges: stride(from: 0, to: ranges.count - 1, by: step).map { ranges[$0] } + [last])
    }
}

extension TreeElement {
    /// The starts and ends of ranges, ascending.
    static func elements(of ranges: ArraySlice<ClosedRange<Key>>) -> [Self] {
        var elements: [Self] = []
        elements.reserveCapacity(2 * ranges.count)
        for range in ranges {
            elements.append(Self(key: range.lowerBound, isEnd: false))
            if range.upperBound < Key.max { elements.append(Self(key: range.upperBound + 1, isEnd: true)) }
        }
        return elements
    }

    /// The end at zero with which a tree that is filled with these ranges opens.
    ///
    /// It makes the number of elements odd, for the sake of `ExpectedElements.isExhausted(by:)`: hence none for ranges of
    /// which the last reaches the highest key.
    static func opening(of ranges: [ClosedRange<Key>]) -> Self? {
        guard let first = ranges.first, first.lowerBound > 0, ranges.last?.upperBound != Key.max else { return nil }
        return Self(key: 0, isEnd: true)
    }
}
