import Addressing
import TestSupport
import Testing

/// Compares the set algebra with the standard library's `Set`, over all values of a byte.
@Suite struct IntervalSetTests {
    private func random(_ generator: inout SeededGenerator) -> (intervals: IntervalSet<UInt8>, values: Set<UInt8>) {
        let ranges = (0..<Int.random(in: 0...6, using: &generator)).map { _ -> ClosedRange<UInt8> in
            let ends = [UInt8.random(in: 0...255, using: &generator), .random(in: 0...255, using: &generator)].sorted()
            return ends[0]...ends[1]
        }
        return (IntervalSet(ranges), Set(ranges.flatMap { Array($0) }))
    }

    private func values(_ set: IntervalSet<UInt8>) -> Set<UInt8> { Set(set.ranges.flatMap { Array($0) }) }

    @Test func agreesWithSets() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<300 {
            let (a, b) = (random(&generator), random(&generator))
            #expect(values(a.intervals) == a.values)
            #expect(values(a.intervals.union(b.intervals)) == a.values.union(b.values))
            #expect(values(a.intervals.intersection(b.intervals)) == a.values.intersection(b.values))
            #expect(values(a.intervals.subtracting(b.intervals)) == a.values.subtracting(b.values))
            #expect(a.intervals.isSuperset(of: b.intervals) == a.values.isSuperset(of: b.values))
            for value in [0, 1, 127, 254, 255] as [UInt8] {
                #expect(a.intervals.contains(value) == a.values.contains(value))
            }
        }
    }

    @Test func equalSetsHaveEqualRanges() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<300 {
            let set = random(&generator).intervals
            let pieces = set.ranges.flatMap { range in range.map { $0...$0 } }.shuffled(using: &generator)
            #expect(IntervalSet(pieces) == set)
            for (left, right) in zip(set.ranges, set.ranges.dropFirst()) {
                #expect(left.upperBound < 255 && left.upperBound + 1 < right.lowerBound)
            }
        }
    }

    @Test func theFullRangeIsAll() {
        #expect(IntervalSet<UInt128>([0...5, 6...UInt128.max]).isAll)
        #expect(AddressSet.any.isAny && !AddressSet(ipv4: .all).isAny && AddressSet().isEmpty)
    }

    @Test func everyPrefixKnowsItsLength() {
        for length in 0...32 {
            #expect(ClosedRange<UInt32>(prefixOf: 0xC0A8_1234, length: length).prefixLength == length)
        }
        for length in 0...128 {
            #expect(ClosedRange<UInt128>(prefixOf: .max - 5, length: length).prefixLength == length)
        }
        #expect((UInt32(1)...2).prefixLength == nil)
        #expect((UInt32(0)...2).prefixLength == nil)
    }
}
