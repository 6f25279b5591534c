internal import CNftnl
internal import Rulesets
internal import System

extension Nftables {
    /// The most ends in one batch: the kernel keeps up to 200 bytes for each until it undoes the batch.
    private static let endsAtOnce = 100_000

    /// Whether the kernel would delete the ends of these ranges and the end at key zero: whether the set has all of them.
    ///
    /// The batches have no end, so the kernel validates the deletions and undoes them; they are valid in one generation
    /// only. That costs half of a lookup, since an end needs no reply. It is not enough for a start: a deletion does not tell
    /// whether the element has a limit of its own. An end cannot have one (`nft_add_set_elem` of `nf_tables_api.c`), and older
    /// kernels ignore it there, since packets are compared with starts.
    func couldDeleteEnds<Key: IntervalKey>(of ranges: [ClosedRange<Key>], in set: LookedUpSet) -> Bool {
        let opening = TreeElement.opening(of: ranges).map { [$0] } ?? []
        let ends = opening + TreeElement.elements(of: ranges[...], areEnds: true)
        return stride(from: 0, to: ends.count, by: Self.endsAtOnce).allSatisfy { start in
            // The dump that follows meets the same error and reports it.
            (try? couldDelete(ends[start...].prefix(Self.endsAtOnce), in: set)) == true
        }
    }

    private func couldDelete<Key: IntervalKey>(
        _ elements: ArraySlice<TreeElement<Key>>, in set: LookedUpSet
    ) throws(SystemError) -> Bool {
        let encoder = RangeEncoder(keyLength: Key.bitWidth / 8)
        var batch = Batch(table: set.table, generation: set.generation, firstSequence: socket.sequence())
        batch.reserve(elements.count * encoder.length)
        batch.elements(NFT_MSG_DELSETELEM, flags: 0, step: 0, set: set.name, number: nil, elements) { element, list in
            encoder.encode(element, into: &list)
        }
        batch.requestAcknowledgement()
        socket.skipSequence(batch.count)
        return try accepts(batch)
    }
}
