internal import CMnl
internal import CNftnl
internal import Glibc
internal import Rulesets
internal import System

extension Nftables {
    /// The number of ranges to look up if the count alone would be enough.
    private static let sampled = 256

    /// The expected elements of a set, if the kernel confirms that it holds exactly these.
    ///
    /// Only replies of the generation of `reading` count. On `nil` the set must be dumped.
    func elements(of set: String, in reading: TableReading, as expectation: Expectation) -> SetElements? {
        guard let definition = reading.definition(of: set), definition.holdsRanges else { return nil }
        let cached = expectation.cache?.elements(of: set, in: reading.name, definition)
        if let cached, expectation.cache?.generation == reading.generation { return cached }
        guard let count = reading.count(of: set) else { return nil }
        let subject = LookedUpSet(
            table: reading.name, name: set, definition: definition, generation: reading.generation, count: count,
            isFiltered: count >= expectation.filterThreshold)
        // Before the candidates: most commits of other programs change nothing here.
        let isBig = cached.map { $0.count >= expectation.threshold } ?? false
        if let cached, isBig, holds(subject, cached, isCommitted: false) { return cached }
        var nearest = isBig ? cached : nil
        for (index, table) in expectation.candidates.enumerated() {
            guard let expected = table.set(set), expected.definition == definition else { continue }
            // It would fail again.
            if isBig, expected.elements == cached { continue }
            let isCommitted = index == 0 && expectation.committed == reading.generation
            let threshold = isCommitted ? expectation.sampleThreshold : expectation.threshold
            guard expected.elements.count >= threshold else { continue }
            if holds(subject, expected.elements, isCommitted: isCommitted) { return expected.elements }
            if nearest == nil { nearest = expected.elements }
        }
        // Found by search, and then confirmed as if they had been expected. A set that lost most of its elements is dumped quickly.
        guard let nearest, count >= expectation.searchThreshold else { return nil }
        return drifted(subject, from: nearest).flatMap { holds(subject, $0, isCommitted: false) ? $0 : nil }
    }

    private func drifted(_ set: LookedUpSet, from elements: SetElements) -> SetElements? {
        // The dump that follows meets the same error and reports it.
        do throws(SystemError) {
            switch elements {
            case .ranges32(let ranges): return try driftedRanges(from: ranges, in: set).map(SetElements.ranges32)
            case .ranges128(let ranges): return try driftedRanges(from: ranges, in: set).map(SetElements.ranges128)
            case .list: return nil
            }
        } catch { return nil }
    }

    private func holds(_ set: LookedUpSet, _ elements: SetElements, isCommitted: Bool) -> Bool {
        // The dump that follows meets the same error and reports it.
        do throws(SystemError) {
            switch elements {
            case .ranges32(let ranges): return try holds(set, ranges, isCommitted: isCommitted)
            case .ranges128(let ranges): return try holds(set, ranges, isCommitted: isCommitted)
            case .list: return false
            }
        } catch { return false }
    }

    private func holds<Key: IntervalKey>(
        _ set: LookedUpSet, _ ranges: [ClosedRange<Key>], isCommitted: Bool
    ) throws(SystemError) -> Bool {
        let expected = ExpectedElements(ranges: ranges)
        guard isCommitted ? expected.agrees(with: set.count) : expected.isExhausted(by: set.count) else { return false }
        let isFound = isCommitted ? finds(expected.sample(Self.sampled).ranges, in: set) : findsAll(ranges, in: set)
        guard isFound else { return false }
        // The kernel does not count the catch-all element.
        return try hasNoCatchAll(set)
    }

    private func hasNoCatchAll(_ set: LookedUpSet) throws(SystemError) -> Bool {
        do throws(SystemError) {
            let catchAll = SetElement(key: [], flags: NFT_SET_ELEM_CATCHALL.rawValue)
            try lookUp(in: set) {
                catchAll.encode(into: &$0, keyOnly: true)
            } _: { _ in
            }
            return false
        } catch {
            guard error.code == ENOENT else { throw error }
            return true
        }
    }
}
