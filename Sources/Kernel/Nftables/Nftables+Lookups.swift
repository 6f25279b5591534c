internal import CMnl
internal import CNftnl
internal import Dispatch
internal import Glibc
internal import Rulesets
internal import Synchronization

/// A set of the kernel whose elements are looked up.
private struct LookedUpSet {
    let table: TableName
    let name: String
    let definition: SetDefinition
    /// The generation that each answer must be of.
    let generation: UInt32
    /// How many elements the kernel says that it has.
    let count: UInt32
}

extension Nftables {
    /// Ranges asked for at a time: the answers, one datagram for each start and end, fit a socket's buffer of the usual size.
    private static let lookups = 64
    /// What an answer takes of the socket's buffer, with the kernel's bookkeeping.
    private static let replyLength = 1024
    /// Ranges looked up where the count alone would do.
    private static let sampled = 256
    /// The most threads that look up, if there are processors for them.
    private static let threads = 4
    /// Ranges that are worth a thread.
    private static let threadLoad = 10_000

    /// The elements that a set is expected to hold, if the kernel says that it holds just these.
    ///
    /// Each answer counts only in the generation of `reading`. `nil` says nothing: the set must be dumped.
    func elements(of set: String, in reading: TableReading, as expectation: Expectation) -> SetElements? {
        guard let definition = reading.definition(of: set), definition.holdsRanges else { return nil }
        let remembered = expectation.memory?.elements(of: set, in: reading.name, definition)
        if let remembered, expectation.memory?.generation == reading.generation { return remembered }
        guard let count = reading.count(of: set) else { return nil }
        let subject = LookedUpSet(
            table: reading.name, name: set, definition: definition, generation: reading.generation, count: count)
        for (index, table) in expectation.candidates.enumerated() {
            guard let expected = table.set(set), expected.definition == definition else { continue }
            let isCommitted = index == 0 && expectation.committed == reading.generation
            let threshold = isCommitted ? expectation.sampleThreshold : expectation.threshold
            guard expected.elements.count >= threshold else { continue }
            if holds(subject, expected.elements, isCommitted: isCommitted) { return expected.elements }
        }
        guard let remembered, remembered.count >= expectation.threshold else { return nil }
        return holds(subject, remembered, isCommitted: false) ? remembered : nil
    }

    private func holds(_ set: LookedUpSet, _ elements: SetElements, isCommitted: Bool) -> Bool {
        // A dump meets the same trouble, and reports it.
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
        let asked = isCommitted ? expected.sample(Self.sampled) : expected
        guard finds(asked.ranges, in: set) else { return false }
        if !isCommitted, let opening = TreeElement.opening(of: ranges), !has(opening, set) { return false }
        // The kernel does not count the element that stands for all other keys.
        return try hasNoCatchAll(set)
    }

    /// Whether the set has the start and the end of each range, and nothing that hangs on one.
    ///
    /// A look-up in the kernel takes some microseconds, most of it for the answer, and holds nobody else up: what there is
    /// to look up is shared among threads. Their sockets are opened here, in the network namespace of the caller's thread.
    private func finds<Key: IntervalKey>(_ ranges: [ClosedRange<Key>], in set: LookedUpSet) -> Bool {
        let queue = RangeQueue(ranges, portion: Self.lookups)
        let failed = Atomic<Bool>(false)
        let helpers = (1..<Self.threads).prefix(ranges.count / Self.threadLoad).compactMap { _ in try? Connection() }
        DispatchQueue.concurrentPerform(iterations: helpers.count + 1) { index in
            let isFound =
                index == 0 ? findsAll(of: queue, in: set) : helpers[index - 1].nftables.findsAll(of: queue, in: set)
            guard !isFound else { return }
            failed.store(true, ordering: .relaxed)
            queue.close()
        }
        return !failed.load(ordering: .relaxed)
    }

    /// Whether the set has the ranges of the queue, as far as nobody else took them.
    private func findsAll<Key: IntervalKey>(of queue: RangeQueue<Key>, in set: LookedUpSet) -> Bool {
        let encoder = RangeEncoder(keyLength: Key.bitWidth / 8)
        socket.expectReplies(bytes: 2 * Self.lookups * Self.replyLength)
        while let ranges = queue.next() {
            // A dump meets the same trouble, and reports it.
            guard (try? finds(TreeElement.elements(of: ranges), in: set, encoder)) == true else { return false }
        }
        return true
    }

    /// Whether the set has each of these starts and ends, and nothing that hangs on one.
    ///
    /// The kernel answers with the element that it found, which need not be the one that was asked for: for a key
    /// inside an interval with its start, for an end with the start at the same key.
    private func finds<Key: IntervalKey>(
        _ elements: [TreeElement<Key>], in set: LookedUpSet, _ encoder: RangeEncoder
    ) throws(SystemError) -> Bool {
        var found = 0
        var isAsExpected = true
        try lookUp(in: set) { list in
            for element in elements { encoder.encode(element, into: &list) }
        } _: { message throws(SystemError) in
            let isNext = found < elements.count && message.soleTreeElement() == elements[found]
            if !isNext || message.resource != UInt16(truncatingIfNeeded: set.generation) { isAsExpected = false }
            found += 1
        }
        return isAsExpected && found == elements.count
    }

    /// Whether the set has the end at zero, which no look-up finds: whether the kernel would delete it.
    ///
    /// The batch has no end, so nothing is deleted, and it is for one generation only.
    private func has<Key: IntervalKey>(
        _ opening: TreeElement<Key>, _ set: LookedUpSet
    ) -> Bool {
        let deletion = Transaction.Operation.deleteElements(
            .list([opening.element]), set: set.name, set.definition)
        let transaction = Transaction(table: set.table, operations: [deletion])
        return (try? validate(transaction, onto: TableSnapshot(generation: set.generation, table: nil))) != nil
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

    private func lookUp(
        in set: LookedUpSet, _ list: (inout AttributeWriter) -> Void,
        _ body: (NetlinkMessage) throws(SystemError) -> Void
    ) throws(SystemError) {
        try get(
            NFT_MSG_GETSETELEM, family: set.table.family,
            attributes: { attributes in
                attributes.string(NFTA_SET_ELEM_LIST_TABLE, set.table.name)
                attributes.string(NFTA_SET_ELEM_LIST_SET, set.name)
                attributes.nest(NFTA_SET_ELEM_LIST_ELEMENTS, list)
            }, body)
    }
}

/// A socket of its own.
private final class Connection: Sendable {
    let nftables: Nftables

    init() throws(KernelError) { nftables = try Nftables() }
}

extension NetlinkMessage {
    /// The only element of a message, if it is nothing but a start or an end.
    fileprivate func soleTreeElement<Key: IntervalKey>() -> TreeElement<Key>? {
        // Without a list of the attributes: there are a million such messages to read.
        var rest = attributeBytes
        while let attribute = Attributes.first(of: rest) {
            rest = rest[attribute.bytes.endIndex...]
            guard attribute.type == NFTA_SET_ELEM_LIST_ELEMENTS.rawValue else { continue }
            guard let element = Attributes.first(of: attribute.payload),
                element.bytes.endIndex == attribute.payload.endIndex
            else { return nil }
            return TreeElement(element.payload)
        }
        return nil
    }
}
