internal import Addressing

extension IntervalSet {
    /// The set of one range.
    init(_ range: ClosedRange<Bound>) { self.init([range]) }

    /// The largest number of free bits above the lowest bit of a mask; each doubles the number of ranges.
    private static var maximumHoles: Int { 12 }

    /// The numbers of `width` bits whose bits under `mask` are `value`; `nil` if these are too many ranges.
    init?(matching value: Bound, mask: Bound, width: Int) {
        let all: Bound = width >= Bound.bitWidth ? .max : (1 << Bound(width)) - 1
        guard value & ~mask == 0 else {
            self.init()
            return
        }
        // The bits below the lowest bit of the mask make a consecutive range; each free bit above it doubles the ranges.
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
