internal import Rulesets

/// The elements in the tree of an interval set that holds these ranges.
///
/// A tree filled by nft or by a `Batch` starts with an end at key zero, which has no meaning, unless a range starts
/// there. The kernel counts an interval once: it halves the number of starts and ends and rounds down
/// (`nft_rbtree_usize` of `net/netfilter/nft_set_rbtree.c`). If an odd number of expected elements was found and the
/// kernel's count fits, there is no other element; if the number is even, there can be one more.
struct ExpectedElements<Key: IntervalKey> {
    /// The ranges, ascending and disjoint.
    let ranges: [ClosedRange<Key>]

    /// The number of starts and ends, with the end at key zero.
    var count: Int { plainCount + (TreeElement.opening(of: ranges) == nil ? 0 : 1) }

    /// The number of starts and ends without an end at key zero.
    private var plainCount: Int { 2 * ranges.count - (ranges.last?.upperBound == Key.max ? 1 : 0) }

    /// Whether a set that contains all expected elements, and of which the kernel reports this count, has no others.
    func isExhausted(by reported: UInt32) -> Bool { count == 2 * Int(reported) + 1 }

    /// Whether the kernel reports this count of such a set, with or without an end at key zero.
    func agrees(with reported: UInt32) -> Bool { (plainCount / 2)...((plainCount + 1) / 2) ~= Int(reported) }

    /// Some of the ranges, evenly spread, with the first and the last.
    func sample(_ number: Int) -> Self {
        guard ranges.count > number, let last = ranges.last else { return self }
        let step = ranges.count / number
        return Self(ranges: stride(from: 0, to: ranges.count - 1, by: step).map { ranges[$0] } + [last])
    }
}

extension TreeElement {
    /// The starts of ranges, or their ends, ascending; a range that reaches the highest key has no end.
    static func elements(of ranges: ArraySlice<ClosedRange<Key>>, areEnds: Bool) -> [Self] {
        guard areEnds else { return ranges.map { Self(key: $0.lowerBound, isEnd: false) } }
        let closed = ranges.last?.upperBound == Key.max ? ranges.dropLast() : ranges
        return closed.map { Self(key: $0.upperBound + 1, isEnd: true) }
    }

    /// The end at key zero with which a tree of these ranges starts; `nil` for none.
    ///
    /// It makes the number of elements odd, as `ExpectedElements.isExhausted(by:)` needs it; ranges of which the last
    /// reaches the highest key do without, since their number is odd already.
    static func opening(of ranges: [ClosedRange<Key>]) -> Self? {
        guard let first = ranges.first, first.lowerBound > 0, ranges.last?.upperBound != Key.max else { return nil }
        return Self(key: 0, isEnd: true)
    }
}
