/// A set of integers as sorted, disjoint, non-adjacent closed ranges in one flat array.
///
/// Equal sets have equal representations. Therefore a compiled ruleset does not depend on the order of the prefixes in a
/// policy, nor on how they are split.
///
/// The costly functions are inlinable, so that other modules specialize them: without that, the evaluation of a ruleset
/// takes several times as long.
public struct IntervalSet<Bound: FixedWidthInteger & UnsignedInteger & Sendable>: Hashable, Sendable {
    /// The ranges: ascending, disjoint, and never adjacent.
    public private(set) var ranges: [ClosedRange<Bound>]

    /// The empty set.
    @inlinable
    public init() { self.init(canonical: []) }

    /// The set of ranges that are sorted, disjoint and non-adjacent already.
    @usableFromInline
    init(canonical ranges: [ClosedRange<Bound>]) { self.ranges = ranges }

    /// The union of `unordered`, which may overlap and touch.
    ///
    /// O(n log n), O(n) if already sorted; in place if the caller gives up the array.
    @inlinable
    public init(_ unordered: consuming [ClosedRange<Bound>]) {
        let sorted = unordered.indices.dropFirst().allSatisfy {
            unordered[$0 - 1].lowerBound <= unordered[$0].lowerBound
        }
        if !sorted { unordered.sort { $0.lowerBound < $1.lowerBound } }
        Self.merge(&unordered)
        self.init(canonical: unordered)
    }

    /// Every value.
    public static var all: Self { Self([Bound.min...Bound.max]) }

    /// Whether the set is empty.
    @inlinable
    public var isEmpty: Bool { ranges.isEmpty }

    /// Whether the set has every value.
    public var isAll: Bool { ranges.count == 1 && ranges[0] == Bound.min...Bound.max }

    /// Whether `value` is in the set, in O(log n).
    @inlinable
    public func contains(_ value: Bound) -> Bool {
        guard let candidate = range(startingAtOrBelow: value) else { return false }
        return candidate.contains(value)
    }

    /// Whether every value of `other` is in the set.
    public func isSuperset(of other: Self) -> Bool { other.subtracting(self).isEmpty }

    /// The values that are in either set.
    @inlinable
    public func union(_ other: Self) -> Self {
        if isEmpty { return other }
        return other.isEmpty ? self : Self(ranges + other.ranges)
    }

    /// The values that are in both sets, in O(m log n) for the smaller set of m ranges.
    @inlinable
    public func intersection(_ other: Self) -> Self {
        let isSmaller = ranges.count <= other.ranges.count
        let small = isSmaller ? self : other
        let large = isSmaller ? other : self
        var common: [ClosedRange<Bound>] = []
        for range in small.ranges {
            var index = large.firstIndex(endingAtOrAbove: range.lowerBound)
            while index < large.ranges.count, large.ranges[index].lowerBound <= range.upperBound {
                let next = large.ranges[index]
                common.append(max(range.lowerBound, next.lowerBound)...min(range.upperBound, next.upperBound))
                index += 1
            }
        }
        return Self(canonical: common)
    }

    /// The values that are not in `other`, in O(m log n + k) for m ranges here, n in `other` and k of these cut out.
    @inlinable
    public func subtracting(_ other: Self) -> Self {
        if other.ranges.count <= Self.fewHoles { return other.ranges.reduce(self) { $0.subtracting($1) } }
        var rest: [ClosedRange<Bound>] = []
        for range in ranges {
            var next: Bound? = range.lowerBound
            var index = other.firstIndex(endingAtOrAbove: range.lowerBound)
            while let start = next, index < other.ranges.count, other.ranges[index].lowerBound <= range.upperBound {
                let hole = other.ranges[index]
                if start < hole.lowerBound { rest.append(start...(hole.lowerBound - 1)) }
                next = hole.upperBound >= range.upperBound ? nil : hole.upperBound + 1
                index += 1
            }
            if let start = next { rest.append(start...range.upperBound) }
        }
        return Self(canonical: rest)
    }

    /// So many ranges are cut out one by one.
    @usableFromInline static var fewHoles: Int { 2 }

    /// The values that are not in a range: the ranges that it does not meet are copied at once, or shared if it meets none.
    @inlinable
    func subtracting(_ hole: ClosedRange<Bound>) -> Self {
        let first = firstIndex(endingAtOrAbove: hole.lowerBound)
        guard first < ranges.count, ranges[first].lowerBound <= hole.upperBound else { return self }
        var rest: [ClosedRange<Bound>] = []
        rest.reserveCapacity(ranges.count + 1)
        rest.append(contentsOf: ranges[..<first])
        let start = ranges[first].lowerBound
        if start < hole.lowerBound { rest.append(start...(hole.lowerBound - 1)) }
        let last = firstIndex(endingAtOrAbove: hole.upperBound)
        guard last < ranges.count else { return Self(canonical: rest) }
        let next = ranges[last]
        if next.upperBound > hole.upperBound {
            rest.append(max(next.lowerBound, hole.upperBound + 1)...next.upperBound)
        }
        rest.append(contentsOf: ranges[(last + 1)...])
        return Self(canonical: rest)
    }

    /// The index of the first range that ends at or above `value`; the count if there is none.
    @inlinable
    func firstIndex(endingAtOrAbove value: Bound) -> Int {
        ranges.partitioningIndex { $0.upperBound >= value }
    }

    /// The last range that starts at or below `value`; `nil` if there is none.
    @inlinable
    func range(startingAtOrBelow value: Bound) -> ClosedRange<Bound>? {
        let end = ranges.partitioningIndex { $0.lowerBound > value }
        return end == 0 ? nil : ranges[end - 1]
    }

    /// Fuses overlapping and adjacent neighbours of the sorted array, in place.
    ///
    /// Usually there are none, and nothing is written: an array with other owners is not copied then.
    @inlinable
    static func merge(_ ranges: inout [ClosedRange<Bound>]) {
        guard var last = ranges.indices.dropLast().first(where: { fuses(ranges[$0], ranges[$0 + 1]) }) else { return }
        for index in (last + 1)..<ranges.count {
            let (current, next) = (ranges[last], ranges[index])
            if fuses(current, next) {
                ranges[last] = current.lowerBound...max(current.upperBound, next.upperBound)
            } else {
                last += 1
                ranges[last] = next
            }
        }
        ranges.removeSubrange((last + 1)...)
    }

    /// Whether two ranges, of which `next` does not start below `current`, overlap or touch.
    @inlinable
    static func fuses(_ current: ClosedRange<Bound>, _ next: ClosedRange<Bound>) -> Bool {
        current.upperBound == Bound.max || next.lowerBound <= current.upperBound + 1
    }
}

extension IntervalSet {
    /// Hashes the count and about 16 of the ranges: sets of half a million ranges are keys of dictionaries.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ranges.count)
        for index in stride(from: 0, to: ranges.count, by: max(1, ranges.count / 16)) { hasher.combine(ranges[index]) }
    }
}
