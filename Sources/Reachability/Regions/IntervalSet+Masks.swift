internal import Addressing

extension IntervalSet {
    /// One range.
    init(_ range: ClosedRange<Bound>) { self.init([range]) }

    /// How many ranges a scattered mask may make.
    private static var maximumHoles: Int { 12 }

    /// The numbers of `width` bits whose bits under `mask` are `value`; `nil` when they are too scattered.
    init?(matching value: Bound, mask: Bound, width: Int) {
        let all: Bound = width >= Bound.bitWidth ? .max : (1 << Bound(width)) - 1
        guard value & ~mask == 0 else {
            self.init()
            return
        }
        // Below the lowest bit that must match the numbers are consecutive; each free bit above doubles the ranges.
        let tail = mask == 0 ? all : (Bound(1) << Bound(mask.trailingZeroBitCount)) - 1
        let free = all & ~mask & ~tail
        guard free.nonzeroBitCount <= Self.maximumHoles else { return nil }
        var ranges: [ClosedRange<Bound>] = []
        var subset: Bound = 0
        repeat {
            ranges.append((value | subset)...(value | subset | tail))
            subset = (subset &- free) & free
        } while subset != 0
        self.init(ranges)
    }
}
