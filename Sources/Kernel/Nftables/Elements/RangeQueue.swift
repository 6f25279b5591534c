internal import Rulesets
internal import Synchronization

/// Ranges that several threads work off, whichever is free next taking the next few.
final class RangeQueue<Key: IntervalKey>: Sendable {
    private let ranges: [ClosedRange<Key>]
    private let portion: Int
    private let position = Atomic<Int>(0)

    /// A queue of these ranges, of which `portion` are handed out at a time.
    init(_ ranges: [ClosedRange<Key>], portion: Int) {
        self.ranges = ranges
        self.portion = portion
    }

    /// The next ranges, in order; `nil` when none are left.
    func next() -> ArraySlice<ClosedRange<Key>>? {
        let start = position.add(portion, ordering: .relaxed).oldValue
        return start < ranges.count ? ranges[start...].prefix(portion) : nil
    }

    /// Leaves nothing for anybody.
    func close() { position.store(ranges.count, ordering: .relaxed) }
}
