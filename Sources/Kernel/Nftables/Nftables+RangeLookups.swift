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
}

extension Nftables {
    /// Ranges per request: the replies, one datagram for each start and end, fit a socket buffer of the default size.
    private static let lookups = 64
    /// The room for one reply in the socket's buffer, with the kernel's overhead, in bytes.
    private static let replyLength = 1024
    /// The most threads for lookups.
    private static let threads = 4
    /// The number of ranges that justifies one more thread.
    private static let threadLoad = 10_000

    /// Whether the set has the start and the end of each range, without other data.
    ///
    /// A lookup takes the kernel some microseconds, most of them for the reply, and holds no lock: so threads share the
    /// lookups, each with its own socket.
    func finds<Key: IntervalKey>(_ ranges: [ClosedRange<Key>], in set: LookedUpSet) -> Bool {
        let queue = RangeQueue(ranges, portion: Self.lookups)
        let failed = Atomic<Bool>(false)
        let number = min(Self.threads, Threads.processors, 1 + ranges.count / Self.threadLoad)
        let helpers = (1..<number).compactMap { _ in helper() }
        Threads.run(helpers: helpers.count) { index in
            let isFound =
                index == 0 ? findsAll(of: queue, in: set) : helpers[index - 1].nftables.findsAll(of: queue, in: set)
            guard !isFound else { return }
            failed.store(true, ordering: .relaxed)
            queue.close()
        }
        return !failed.load(ordering: .relaxed)
    }

    /// One more socket; `nil` if the calling thread is now in another network namespace.
    private func helper() -> Connection? {
        guard let helper = try? Connection(),
            helper.nftables.socket.namespaceCookie == socket.namespaceCookie
        else { return nil }
        return helper
    }

    /// Whether the set has the ranges that this thread takes from the queue.
    private func findsAll<Key: IntervalKey>(of queue: RangeQueue<Key>, in set: LookedUpSet) -> Bool {
        let encoder = RangeEncoder(keyLength: Key.bitWidth / 8)
        socket.expectReplies(bytes: 2 * Self.lookups * Self.replyLength)
        while let ranges = queue.next() {
            // The dump that follows meets the same error and reports it.
            guard (try? finds(TreeElement.elements(of: ranges), in: set, encoder)) == true else { return false }
        }
        return true
    }

    /// Whether the set has each of these starts and ends, without other data.
    ///
    /// The kernel may reply with another element than the requested one: for a key inside an interval with its start,
    /// for an end with the start at the same key.
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

    /// Looks up the keys that `list` writes in a set; calls `body` for each reply.
    func lookUp(
        in set: LookedUpSet, _ list: (inout AttributeWriter) -> Void,
        _ body: (NetlinkMessage) throws(SystemError) -> Void
    ) throws(SystemError) {
        try get(
            NFT_MSG_GETSETELEM, family: set.table.family,
            attributes: { attributes in
                attributes.name(NFTA_SET_ELEM_LIST_TABLE, set.table.name)
                attributes.name(NFTA_SET_ELEM_LIST_SET, set.name)
                attributes.nest(NFTA_SET_ELEM_LIST_ELEMENTS, list)
            }, body)
    }
}

/// A socket for one thread.
private final class Connection: Sendable {
    let nftables: Nftables

    init() throws(KernelError) { nftables = try Nftables() }
}

extension NetlinkMessage {
    /// The only element of a message, if it is a plain start or end.
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
