internal import CMnl
internal import CNftnl
public import Rulesets

/// The netlink messages of one transaction, with the step of the transaction for each message.
struct Batch {
    /// The table to change.
    let table: TableName
    /// The numbers of the sets that the batch adds.
    var references = SetReferences()
    /// The sets that the batch has flushed.
    var emptied: Set<String> = []

    /// The encoded expressions of rules.
    var memo = ExpressionMemo<[UInt8]?>()

    private var writer = MessageWriter()
    private let firstSequence: UInt32
    /// The step of each message after the first, which begins the batch.
    private var origins: [Int?] = []
    /// The offset and the flags of the last message of a step.
    private var last: (offset: Int, flags: Int32)?
    /// The number of the last set that the batch added.
    private(set) var lastSetNumber: UInt32 = 0

    /// The most bytes of elements in one message: an attribute holds at most 64 KB.
    private static let listLength = 60_000

    /// A batch that the kernel refuses unless `generation` is the current one.
    init(table: TableName, generation: UInt32, firstSequence: UInt32) {
        self.table = table
        self.firstSequence = firstSequence
        writer.batchBegin(generation: generation, sequence: firstSequence)
    }

    /// The bytes of all messages.
    var bytes: ArraySlice<UInt8> { writer.bytes }

    /// The number of messages.
    var count: UInt32 { UInt32(origins.count) + 1 }

    /// The sequence number of the next message.
    private var nextSequence: UInt32 { firstSequence &+ count }

    /// Requests one acknowledgement, of the last message with a change: all kernels acknowledge that one.
    mutating func requestAcknowledgement() {
        if let last { writer.requestAcknowledgement(ofMessageAt: last.offset, flags: last.flags) }
    }

    /// Appends the end of the batch; without it the kernel validates the batch and changes nothing.
    mutating func end() {
        writer.batchEnd(sequence: nextSequence)
        origins.append(nil)
    }

    /// The step of the message with this sequence number; `nil` for the begin and the end.
    func step(of sequence: UInt32) -> Int? {
        let index = Int(sequence &- firstSequence) - 1
        return origins.indices.contains(index) ? origins[index] : nil
    }

    /// Whether a message of this batch has this sequence number.
    func contains(_ sequence: UInt32) -> Bool { sequence &- firstSequence < count }

    /// Appends a message of a step.
    mutating func message(
        _ type: nf_tables_msg_types, flags: Int32 = 0, step: Int, _ body: (inout AttributeWriter) -> Void
    ) {
        last = (writer.bytes.count, flags)
        writer.message(type, family: table.family.rawValue, flags: flags, sequence: nextSequence, body)
        origins.append(step)
    }

    /// A number for the next set that the batch adds.
    mutating func newSetNumber() -> UInt32 {
        lastSetNumber += 1
        return lastSetNumber
    }

    /// Reserves room for this many more bytes.
    mutating func reserve(_ count: Int) { writer.reserve(count) }

    /// Appends as many messages as the elements need, each with a list of elements from `encode`.
    mutating func elements<Element>(
        _ type: nf_tables_msg_types, flags: Int32, step: Int, set: String, number: UInt32?,
        _ elements: some Sequence<Element>,
        _ encode: (Element, inout AttributeWriter) -> Void
    ) {
        var rest = elements.makeIterator()
        var next = rest.next()
        while next != nil {
            message(type, flags: flags, step: step) { [table] attributes in
                attributes.name(NFTA_SET_ELEM_LIST_TABLE, table.name)
                attributes.name(NFTA_SET_ELEM_LIST_SET, set)
                if let number { attributes.u32(NFTA_SET_ELEM_LIST_SET_ID, number) }
                attributes.nest(NFTA_SET_ELEM_LIST_ELEMENTS) { list in
                    let limit = list.count + Self.listLength
                    while let element = next, list.count < limit {
                        encode(element, &list)
                        next = rest.next()
                    }
                }
            }
        }
    }
}

extension Transaction {
    /// The approximate size of the messages in bytes, without the elements of sets; avoids copying a long batch as it
    /// grows.
    var estimatedLength: Int {
        let (message, expression) = (96, 52)
        return operations.reduce(0) { length, operation in
            guard case .addRule(let rule, _, _) = operation else { return length + message }
            return length + message + rule.expressions.count * expression + rule.userdata.count
        }
    }
}

extension Transaction {
    /// The netlink messages of a transaction that makes a table, for a program that only sends them: the kernel takes them
    /// at any generation, as a whole, and refuses them if the table exists.
    public var messagesWithoutGeneration: [UInt8] {
        // Generation 0 is never current, and means any: `nf_tables_valid_genid` of `nf_tables_api.c`.
        var batch = Batch(table: table, generation: 0, firstSequence: 1)
        let empty = TableSnapshot(generation: 0, table: nil)
        for (step, operation) in operations.enumerated() { batch.append(operation, step: step, empty) }
        batch.requestAcknowledgement()
        batch.end()
        return Array(batch.bytes)
    }
}
