/// A set of numbers as ascending, disjoint, non-adjacent ranges.
///
/// The algebra of `IntervalSet`, in a form that this module can specialize, and whose cost goes by the smaller
/// operand where one is small: thousands of services share one list of a hundred thousand prefixes.
struct Spans<Bound: FixedWidthInteger & UnsignedInteger & Sendable>: Hashable, Sendable {
    private(set) var ranges: [ClosedRange<Bound>]

    /// No number.
    init() { ranges = [] }

    /// One range.
    init(_ range: ClosedRange<Bound>) { ranges = [range] }

    /// The union of ranges that may overlap and touch.
    init(_ unordered: [ClosedRange<Bound>]) {
        var sorted = unordered
        let isSorted = sorted.indices.dropFirst().allSatisfy { sorted[$0 - 1].lowerBound <= sorted[$0].lowerBound }
        if !isSorted { sorted.sort { $0.lowerBound < $1.lowerBound } }
        ranges = []
        ranges.reserveCapacity(sorted.count)
        for range in sorted {
            if let last = ranges.last, last.upperBound == .max || range.lowerBound <= last.upperBound + 1 {
                ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                ranges.append(range)
            }
        }
    }

    var isEmpty: Bool { ranges.isEmpty }
    var count: Int { ranges.count }

    func contains(_ value: Bound) -> Bool {
        let index = firstIndex(endingAtOrAbove: value)
        return index < ranges.count && ranges[index].contains(value)
    }

    func union(_ other: Self) -> Self {
        if isEmpty { return other }
        return other.isEmpty ? self : Self(ranges + other.ranges)
    }

    /// O(m log n) for the smaller count m.
    func intersection(_ other: Self) -> Self {
        let (small, large) = count <= other.count ? (self, other) : (other, self)
        var common = Self()
        for range in small.ranges {
            var index = large.firstIndex(endingAtOrAbove: range.lowerBound)
            while index < large.count, large.ranges[index].lowerBound <= range.upperBound {
                let next = large.ranges[index]
                common.ranges.append(max(range.lowerBound, next.lowerBound)...min(range.upperBound, next.upperBound))
                index += 1
            }
        }
        return common
    }

    /// O(m log n) for this count m, and what is taken out.
    func subtracting(_ other: Self) -> Self {
        guard !other.isEmpty else { return self }
        var rest = Self()
        for range in ranges {
            var next: Bound? = range.lowerBound
            var index = other.firstIndex(endingAtOrAbove: range.lowerBound)
            while let start = next, index < other.count, other.ranges[index].lowerBound <= range.upperBound {
                let hole = other.ranges[index]
                if start < hole.lowerBound { rest.ranges.append(start...(hole.lowerBound - 1)) }
                next = hole.upperBound >= range.upperBound ? nil : hole.upperBound + 1
                index += 1
            }
            if let start = next { rest.ranges.append(start...range.upperBound) }
        }
        return rest
    }

    /// The first range that ends at `value` or above.
    private func firstIndex(endingAtOrAbove value: Bound) -> Int {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Spans {
    /// Hashes a sample: big sets are looked up by what is in them.
    func hash(into hasher: inout Hasher) {
        hasher.combine(ranges.count)
        for index in stride(from: 0, to: ranges.count, by: max(1, ranges.count / 16)) { hasher.combine(ranges[index]) }
    }

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
