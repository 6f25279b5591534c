internal import Rulesets
internal import Synchronization

/// Ranges shared by several threads; each thread takes the next few when it is free.
final class RangeQueue<Key: IntervalKey>: Sendable {
    private let ranges: [ClosedRange<Key>]
    private let portion: Int
    private let position = Atomic<Int>(0)

    /// A queue of these ranges; `next` returns `portion` of them at a time.
    init(_ ranges: [ClosedRange<Key>], portion: Int) {
        self.ranges = ranges
        self.portion = portion
    }

    /// The next ranges, in order; `nil` if none are left.
    func next() -> ArraySlice<ClosedRange<Key>>? {
        let start = position.add(portion, ordering: .relaxed).oldValue
        return start < ranges.count ? ranges[start...].prefix(portion) : nil
    }

    /// Discards the remaining ranges.
    func close() { position.store(ranges.count, ordering: .relaxed) }
}
