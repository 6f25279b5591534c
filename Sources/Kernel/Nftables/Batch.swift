internal import CMnl
internal import CNftnl
internal import Rulesets

/// The messages of one transaction, and which step of it each message comes from.
struct Batch {
    /// The table that is changed.
    let table: TableName
    /// The numbers of the sets that the batch makes.
    var references = SetReferences()
    /// The sets that the batch has emptied.
    var emptied: Set<String> = []

    /// The expressions of rules that were encoded.
    var memo = ExpressionMemo<[UInt8]?>()

    private var writer = MessageWriter()
    private let firstSequence: UInt32
    /// For each message but the first, which begins the batch, the step that it comes from.
    private var origins: [Int?] = []
    /// Where the last message of a step starts, and its flags.
    private var last: (offset: Int, flags: Int32)?
    /// The number of the set that the batch made last.
    private(set) var lastSetNumber: UInt32 = 0

    /// Elements are spread over messages so that a list stays below the 64 KB that an attribute can hold.
    private static let listLength = 60_000

    /// A batch that the kernel refuses unless `generation` is the current one.
    init(table: TableName, generation: UInt32, firstSequence: UInt32) {
        self.table = table
        self.firstSequence = firstSequence
        writer.batchBegin(generation: generation, sequence: firstSequence)
    }

    /// The messages.
    var octets: ArraySlice<UInt8> { writer.octets }

    /// How many messages there are.
    var count: UInt32 { UInt32(origins.count) + 1 }

    /// The number of the next message.
    private var nextSequence: UInt32 { firstSequence &+ count }

    /// Requests one acknowledgement, of the last message that changes something: every kernel answers there.
    mutating func requestAcknowledgement() {
        if let last { writer.requestAcknowledgement(ofMessageAt: last.offset, flags: last.flags) }
    }

    /// Ends the batch; without an end the kernel validates it and changes nothing.
    mutating func end() {
        writer.batchEnd(sequence: nextSequence)
        origins.append(nil)
    }

    /// The step that the message of this number comes from; `nil` for the begin and the end.
    func step(of sequence: UInt32) -> Int? {
        let index = Int(sequence &- firstSequence) - 1
        return origins.indices.contains(index) ? origins[index] : nil
    }

    /// Whether a reply of this number is to this batch.
    func contains(_ sequence: UInt32) -> Bool { sequence &- firstSequence < count }

    /// Appends a message for a step.
    mutating func message(
        _ type: nf_tables_msg_types, flags: Int32 = 0, step: Int, _ body: (inout AttributeWriter) -> Void
    ) {
        last = (writer.octets.count, flags)
        writer.message(type, family: table.family.rawValue, flags: flags, sequence: nextSequence, body)
        origins.append(step)
    }

    /// A number for a set that the batch makes.
    mutating func newSetNumber() -> UInt32 {
        lastSetNumber += 1
        return lastSetNumber
    }

    /// Makes room for more.
    mutating func reserve(_ count: Int) { writer.reserve(count) }

    /// Appends as many messages as the elements need, each with the list that `encode` writes.
    mutating func elements<Element>(
        _ type: nf_tables_msg_types, flags: Int32, step: Int, set: String, number: UInt32?,
        _ elements: some Sequence<Element>,
        _ encode: (Element, inout AttributeWriter) -> Void
    ) {
        var rest = elements.makeIterator()
        var next = rest.next()
        while next != nil {
            message(type, flags: flags, step: step) { [table] attributes in
                attributes.string(NFTA_SET_ELEM_LIST_TABLE, table.name)
                attributes.string(NFTA_SET_ELEM_LIST_SET, set)
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
    /// About how many octets the messages take, but for the elements of sets: long batches are not to be copied as they grow.
    var estimatedLength: Int {
        let (message, expression) = (96, 52)
        return operations.reduce(0) { length, operation in
            guard case .addRule(let rule, _, _) = operation else { return length + message }
            return length + message + rule.expressions.count * expression + rule.userdata.count
        }
    }
}
