internal import CMnl
internal import CNftnl
internal import Rulesets
internal import Synchronization
internal import System

/// A set of the kernel whose elements are looked up.
struct LookedUpSet {
    let table: TableName
    let name: String
    let definition: SetDefinition
    /// The generation that each reply must have.
    let generation: UInt32
    /// The number of elements that the kernel reports.
    let count: UInt32
    /// Whether a `ReplyFilter` compares the replies, if the kernel permits it.
    var isFiltered: Bool

    /// Appends the attributes of a request for the elements that `list` writes.
    fileprivate func encode(into attributes: inout AttributeWriter, _ list: (inout AttributeWriter) -> Void) {
        attributes.name(NFTA_SET_ELEM_LIST_TABLE, table.name)
        attributes.name(NFTA_SET_ELEM_LIST_SET, name)
        attributes.nest(NFTA_SET_ELEM_LIST_ELEMENTS, list)
    }
}

extension Nftables {
    /// Elements per request whose replies are received: they fit a socket buffer of the default size.
    private static let lookups = 128
    /// The room for one reply in the socket's buffer, with the kernel's overhead, in bytes.
    private static let replyLength = 1024
    /// The most threads for lookups.
    private static let threads = 4
    /// The number of ranges that justifies one more thread.
    private static let threadLoad = 10_000

    /// Whether the set has the start and the end of each range, without other data, by lookups.
    ///
    /// Starts and ends are looked up apart, since a `ReplyFilter` compares replies of one length.
    func finds<Key: IntervalKey>(_ ranges: [ClosedRange<Key>], in set: LookedUpSet) -> Bool {
        [false, true].allSatisfy { areEnds in lookUp(ranges, areEnds: areEnds, in: set) { true } }
    }

    /// The same for many ranges: their ends, and the end at key zero, are deleted in a batch that changes nothing.
    func findsAll<Key: IntervalKey>(_ ranges: [ClosedRange<Key>], in set: LookedUpSet) -> Bool {
        lookUp(ranges, areEnds: false, in: set) { couldDeleteEnds(of: ranges, in: set) }
    }

    /// Whether the set has the start, or the end, of each range, without other data, and `first` holds.
    ///
    /// A lookup takes the kernel about two microseconds, most of it for the reply, and holds no lock: so threads share the
    /// lookups, each with its own socket. The calling thread runs `first` meanwhile.
    private func lookUp<Key: IntervalKey>(
        _ ranges: [ClosedRange<Key>], areEnds: Bool, in set: LookedUpSet, _ first: @Sendable () -> Bool
    ) -> Bool {
        let queue = RangeQueue(ranges, portion: ReplyFilter.capacity)
        let failed = Atomic<Bool>(false)
        let number = min(Self.threads, Threads.processors, 1 + ranges.count / Self.threadLoad)
        let helpers = (1..<number).compactMap { _ in helper() }
        Threads.run(helpers: helpers.count) { index in
            let isFound =
                index == 0
                ? first() && findsAll(of: queue, areEnds, in: set)
                : helpers[index - 1].nftables.findsAll(of: queue, areEnds, in: set)
            guard !isFound else { return }
            failed.store(true, ordering: .relaxed)
            queue.close()
        }
        return !failed.load(ordering: .relaxed)
    }

    /// One more socket; `nil` if it is not known to be in the same network namespace: the calling thread may have moved, and
    /// kernels before 5.14 do not tell where a socket is.
    private func helper() -> Connection? {
        guard let helper = try? Connection(), socket.sharesNamespace(with: helper.nftables.socket) else { return nil }
        return helper
    }

    /// Whether the set has the starts, or the ends, of the ranges that this thread takes from the queue.
    private func findsAll<Key: IntervalKey>(of queue: RangeQueue<Key>, _ areEnds: Bool, in set: LookedUpSet) -> Bool {
        let encoder = RangeEncoder(keyLength: Key.bitWidth / 8)
        socket.expectReplies(bytes: Self.lookups * Self.replyLength)
        var filter: ReplyFilter?
        var mayFilter = set.isFiltered
        while let ranges = queue.next() {
            let elements = TreeElement.elements(of: ranges, areEnds: areEnds)
            if mayFilter {
                if filter == nil { filter = self.filter(for: elements, in: set, encoder) }
                if let filter, sees(elements, in: set, encoder, through: filter) { continue }
                mayFilter = false
            }
            // The dump that follows meets the same error and reports it.
            guard (try? receives(elements, in: set, encoder)) == true else { return false }
        }
        return true
    }

    /// A filter for replies that differ only by their keys; `nil` if the first element is not found, or if the kernel permits
    /// none.
    func filter<Key: IntervalKey>(
        for elements: [TreeElement<Key>], in set: LookedUpSet, _ encoder: RangeEncoder
    ) -> ReplyFilter? {
        guard let first = elements.first else { return nil }
        var filter: ReplyFilter?
        try? lookUp(in: set) {
            encoder.encode(first, into: &$0)
        } _: { message in
            guard message.soleTreeElement() == first, message.resource == UInt16(truncatingIfNeeded: set.generation)
            else { return }
            filter = ReplyFilter(like: message, to: first)
        }
        return filter
    }

    /// Whether a filter sees each of these starts or ends, in this order, without other data.
    func sees<Key: IntervalKey>(
        _ elements: [TreeElement<Key>], in set: LookedUpSet, _ encoder: RangeEncoder, through filter: ReplyFilter
    ) -> Bool {
        guard socket.attach(filter) else { return false }
        defer { socket.detachFilter() }
        filter.memory.expect(elements[...])
        // The kernel answers before it returns; the acknowledgement is dropped, too.
        try? send(NFT_MSG_GETSETELEM, family: set.table.family) { attributes in
            set.encode(into: &attributes) { list in
                for element in elements { encoder.encode(element, into: &list) }
            }
        }
        return filter.memory.seen == elements.count
    }

    /// Whether the set has each of these starts or ends, without other data, by the replies.
    private func receives<Key: IntervalKey>(
        _ elements: [TreeElement<Key>], in set: LookedUpSet, _ encoder: RangeEncoder
    ) throws(SystemError) -> Bool {
        for start in stride(from: 0, to: elements.count, by: Self.lookups) {
            guard try finds(elements[start...].prefix(Self.lookups), in: set, encoder) else { return false }
        }
        return true
    }

    /// Whether the set has each of these starts and ends, without other data.
    ///
    /// The kernel may reply with another element than the requested one: for a key inside an interval with its start,
    /// for an end with the start at the same key.
    private func finds<Key: IntervalKey>(
        _ elements: ArraySlice<TreeElement<Key>>, in set: LookedUpSet, _ encoder: RangeEncoder
    ) throws(SystemError) -> Bool {
        var rest = elements
        var isAsExpected = true
        try lookUp(in: set) { list in
            for element in elements { encoder.encode(element, into: &list) }
        } _: { message throws(SystemError) in
            let expected = rest.popFirst()
            let isNext = expected != nil && message.soleTreeElement() == expected
            if !isNext || message.resource != UInt16(truncatingIfNeeded: set.generation) { isAsExpected = false }
        }
        return isAsExpected && rest.isEmpty
    }

    /// Looks up the keys that `list` writes in a set; calls `body` for each reply.
    func lookUp(
        in set: LookedUpSet, _ list: (inout AttributeWriter) -> Void,
        _ body: (NetlinkMessage) throws(SystemError) -> Void
    ) throws(SystemError) {
        try get(
            NFT_MSG_GETSETELEM, family: set.table.family,
            attributes: { set.encode(into: &$0, list) }, body)
    }
}

/// A socket for one thread.
private final class Connection: Sendable {
    let nftables: Nftables

    init() throws(KernelError) { nftables = try Nftables() }
}

extension NetlinkMessage {
    /// The only element of a message, if it is a plain start or end.
    func soleTreeElement<Key: IntervalKey>() -> TreeElement<Key>? {
        soleElement.flatMap { TreeElement($0) }
    }

    /// The offset in the payload of the key of the only element; `nil` if there is not one element with a key.
    var keyOffset: Int? {
        guard let element = soleElement, let key = Attributes.first(of: element), key.type == NFTA_SET_ELEM_KEY.rawValue
        else { return nil }
        return Attributes.first(of: key.payload).map { $0.payload.startIndex - payload.startIndex }
    }

    /// The attributes of the only element; `nil` if there is not exactly one.
    private var soleElement: ArraySlice<UInt8>? {
        // Without a list of the attributes: there are a million such messages to read.
        var rest = attributeBytes
        while let attribute = Attributes.first(of: rest) {
            rest = rest[attribute.bytes.endIndex...]
            guard attribute.type == NFTA_SET_ELEM_LIST_ELEMENTS.rawValue else { continue }
            guard let element = Attributes.first(of: attribute.payload),
                element.bytes.endIndex == attribute.payload.endIndex
            else { return nil }
            return element.payload
        }
        return nil
    }
}
