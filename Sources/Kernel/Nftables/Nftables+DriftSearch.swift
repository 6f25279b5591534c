internal import CMnl
internal import CNftnl
internal import Glibc
internal import Rulesets
internal import System

extension Nftables {
    /// The most expected ranges that may be missing, and the most gaps that may hold something: with more, the set has little to do
    /// with what was expected.
    private static let (mostMissing, mostGaps) = (20_000, 4096)
    /// The number of keys that are looked up in such a gap at a time: a batch takes the kernel milliseconds.
    private static let parts = 64
    /// The most blocks of ranges in one batch: the kernel keeps some hundred bytes for each range until it undoes the batch.
    private static let blocksAtOnce = 50_000 / RangeEncoder.blockLength

    /// What an interval set seems to hold that differs in a few places from what was expected; `nil` if there are too many.
    ///
    /// The time grows with the size of the set; that of a dump, with its square. The expected ranges are looked up. What was added
    /// is searched in the gaps between those that were found: the kernel refuses a range that fills a gap if it meets another one
    /// there. The batches with these ranges have no end, so the kernel undoes them. The result is to be confirmed by the count and
    /// by lookups of all its ranges: it is wrong if the set has other data than ranges, or lone starts or ends.
    ///
    /// - Parameters:
    ///   - expected: the ranges of an earlier reading or of the policy, ascending and disjoint.
    ///   - set: the set, with its count and generation.
    /// - Returns: the ranges, ascending.
    /// - Throws: the errors of the socket; `ESTALE` in another generation.
    func driftedRanges<Key: IntervalKey>(
        from expected: [ClosedRange<Key>], in set: LookedUpSet
    ) throws(SystemError) -> [ClosedRange<Key>]? {
        var found: [ClosedRange<Key>] = []
        found.reserveCapacity(expected.count)
        for start in stride(from: 0, to: expected.count, by: ReplyFilter.capacity) {
            let ranges = expected[start...].prefix(ReplyFilter.capacity)
            collectPresent(of: ranges, in: set, &found)
            guard ranges.endIndex - found.count <= Self.mostMissing else { return nil }
        }
        let present = ExpectedElements(ranges: found)
        if present.isExhausted(by: set.count) { return found }
        guard let others = try ranges(within: present.gaps, of: set) else { return nil }
        let all = (found + others).sorted { $0.lowerBound < $1.lowerBound }
        return zip(all, all.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound } ? all : nil
    }

    /// Appends those of the ranges whose start and end the set has: all at once, or by halves.
    private func collectPresent<Key: IntervalKey>(
        of ranges: ArraySlice<ClosedRange<Key>>, in set: LookedUpSet, _ found: inout [ClosedRange<Key>]
    ) {
        var some = set
        // To load a filter takes as long as some hundred replies.
        if ranges.count < ReplyFilter.capacity / 4 { some.isFiltered = false }
        if finds(Array(ranges), in: some) {
            found += ranges
        } else if ranges.count > 1 {
            collectPresent(of: ranges.prefix(ranges.count / 2), in: set, &found)
            collectPresent(of: ranges.dropFirst(ranges.count / 2), in: set, &found)
        }
    }

    /// The ranges that a set has within these gaps; `nil` if too many gaps have some.
    private func ranges<Key: IntervalKey>(
        within gaps: [ClosedRange<Key>], of set: LookedUpSet
    ) throws(SystemError) -> [ClosedRange<Key>]? {
        var (others, rest) = ([ClosedRange<Key>](), gaps)
        // A range that reaches the highest key has no end that the kernel could refuse.
        if let gap = gaps.last, gap.upperBound == Key.max {
            let last = try range(with: Key.max, in: set)
            if let last { others.append(last) }
            rest = gaps.dropLast() + gap.subtracting(last ?? Key.max...Key.max)
        }
        while !rest.isEmpty {
            let occupied = try occupied(rest, in: set)
            guard occupied.count <= Self.mostGaps else { return nil }
            rest = []
            for gap in occupied { rest += try look(into: gap, of: set, &others) }
        }
        return others
    }

    /// Looks up keys at equal distances in a gap; returns what then remains of it.
    private func look<Key: IntervalKey>(
        into gap: ClosedRange<Key>, of set: LookedUpSet, _ others: inout [ClosedRange<Key>]
    ) throws(SystemError) -> [ClosedRange<Key>] {
        let step = (gap.upperBound - gap.lowerBound) / Key(Self.parts)
        var rest: [ClosedRange<Key>] = []
        var first = gap.lowerBound
        while true {
            let key = gap.upperBound - first > step ? first + step : gap.upperBound
            let found = try range(with: key, in: set)
            if let found { others.append(found) }
            rest += (first...key).subtracting(found ?? key...key)
            let last = found?.upperBound ?? key
            guard last < gap.upperBound else { return rest }
            first = last + 1
        }
    }

    /// The range of a set that has this key; `nil` if there is none.
    private func range<Key: IntervalKey>(with key: Key, in set: LookedUpSet) throws(SystemError) -> ClosedRange<Key>? {
        guard let start = try element(TreeElement(key: key, isEnd: false), of: set), !start.isEnd, start.key <= key
        else { return nil }
        guard key < Key.max, let end = try element(TreeElement(key: key + 1, isEnd: true), of: set), end.isEnd,
            end.key > key
        else { return start.key...Key.max }
        return start.key...(end.key - 1)
    }

    /// The element that the kernel gives for a start or an end; `nil` for none, and for one with other data.
    private func element<Key: IntervalKey>(
        _ wanted: TreeElement<Key>, of set: LookedUpSet
    ) throws(SystemError) -> TreeElement<Key>? {
        let encoder = RangeEncoder(keyLength: Key.bitWidth / 8)
        var found: TreeElement<Key>?
        do throws(SystemError) {
            try lookUp(in: set) {
                encoder.encode(wanted, into: &$0)
            } _: { message in
                found = message.soleTreeElement()
            }
        } catch {
            guard error.code == ENOENT else { throw error }
        }
        return found
    }

    /// Those of the gaps in which the kernel refuses a range: first by blocks, then one by one.
    private func occupied<Key: IntervalKey>(
        _ gaps: [ClosedRange<Key>], in set: LookedUpSet
    ) throws(SystemError) -> [ClosedRange<Key>] {
        let blocks = stride(from: 0, to: gaps.count, by: RangeEncoder.blockLength).map {
            gaps[$0...].prefix(RangeEncoder.blockLength)
        }
        let single = try refused(blocks, in: set).flatMap { block in block.indices.map { block[$0...$0] } }
        return try refused(single, in: set).flatMap(\.self)
    }

    /// Those of the blocks of ranges that the kernel refuses to add.
    private func refused<Key: IntervalKey>(
        _ blocks: [ArraySlice<ClosedRange<Key>>], in set: LookedUpSet
    ) throws(SystemError) -> [ArraySlice<ClosedRange<Key>>] {
        let encoder = RangeEncoder(keyLength: Key.bitWidth / 8)
        var refused: [ArraySlice<ClosedRange<Key>>] = []
        for start in stride(from: 0, to: blocks.count, by: Self.blocksAtOnce) {
            let some = Array(blocks[start...].prefix(Self.blocksAtOnce))
            var batch = Batch(table: set.table, generation: set.generation, firstSequence: socket.sequence())
            batch.reserve(some.reduce(0) { $0 + $1.count } * encoder.length)
            for (step, block) in some.enumerated() {
                batch.elements(
                    NFT_MSG_NEWSETELEM, flags: NLM_F_CREATE | NLM_F_EXCL, step: step, set: set.name, number: nil,
                    CollectionOfOne(block)
                ) { encoder.encode($0, into: &$1) }
            }
            batch.requestAcknowledgement()
            socket.skipSequence(batch.count)
            refused += try refusedSteps(of: batch).sorted().map { some[$0] }
        }
        return refused
    }
}

extension ExpectedElements {
    /// The keys that no range has, ascending.
    fileprivate var gaps: [ClosedRange<Key>] {
        var gaps: [ClosedRange<Key>] = []
        var next: Key? = 0
        for range in ranges {
            if let first = next, first < range.lowerBound { gaps.append(first...(range.lowerBound - 1)) }
            next = range.upperBound < Key.max ? range.upperBound + 1 : nil
        }
        return next.map { gaps + [$0...Key.max] } ?? gaps
    }
}

extension ClosedRange where Bound: FixedWidthInteger {
    /// What is left of the range without another one.
    fileprivate func subtracting(_ part: Self) -> [Self] {
        var rest: [Self] = []
        if lowerBound < part.lowerBound { rest.append(lowerBound...Swift.min(part.lowerBound - 1, upperBound)) }
        if part.upperBound < upperBound { rest.append(Swift.max(part.upperBound + 1, lowerBound)...upperBound) }
        return rest
    }
}
