internal import CNftnl
public import Rulesets
internal import System

/// A table as bytes: the netlink messages that create it, in host byte order, as they would be sent to the kernel.
///
/// It is lossless: attributes that are not understood are in the messages as received. The elements of big sets, most
/// of the data, are packed in fields after the messages.
public enum TableArchive {
    /// The number of nf_tables in the upper byte of a message's type.
    private static let subsystem = UInt16(NFNL_SUBSYS_NFTABLES)

    private static let kind = "table"
    /// The names of the fields: the messages, then for each set of ranges its name, which its ranges follow.
    private static let (messages, set) = ("messages", "set")

    /// The bytes of a table.
    public static func bytes(of table: Table) -> [UInt8] {
        var document = StateDocument(kind: kind)
        document.append(messages, creation(of: table.withoutRanges))
        for set in table.sets where !set.elements.isEmpty && !set.elements.isList {
            document.append(Self.set, set.name)
            _ = PackedRanges.append(set.elements, to: &document)
        }
        return document.bytes
    }

    /// The messages that create a table.
    private static func creation(of table: Table) -> ArraySlice<UInt8> {
        var batch = Batch(table: table.name, generation: 0, firstSequence: 0)
        batch.references.isArchive = true
        let nothing = TableSnapshot(generation: 0, table: nil)
        let transaction = Transaction(from: nil, to: table, named: table.name)
        batch.reserve(transaction.estimatedLength)
        for (step, operation) in transaction.operations.enumerated() {
            batch.append(operation, step: step, nothing)
        }
        return batch.bytes
    }

    /// The table in the bytes that `bytes(of:)` returned; `nil` for any other bytes.
    public static func table(_ name: TableName, from bytes: [UInt8]) -> Table? { table(name, from: bytes[...]) }

    /// The table in a slice of a longer array.
    public static func table(_ name: TableName, from bytes: ArraySlice<UInt8>) -> Table? {
        guard let document = try? StateDocument(bytes, kind: kind), let first = document.fields.first,
            first.name == messages
        else { return nil }
        var reading = TableReading(name: name, generation: 0)
        guard reading.take(messages: Array(first.bytes), of: subsystem) else { return nil }
        var rest = document.fields.dropFirst()
        while let named = rest.popFirst() {
            guard named.name == set, let name = String(validating: named.bytes, as: UTF8.self),
                let elements = rest.popFirst().flatMap(PackedRanges.elements),
                reading.definition(of: name)?.noElements.isSameForm(as: elements) == true
            else { return nil }
            reading.take(elements, of: name)
        }
        return reading.snapshot(isFromKernel: false).table
    }
}

extension Table {
    /// The table with its sets of ranges emptied.
    fileprivate var withoutRanges: Table {
        let emptied = sets.map { set in
            var set = set
            if !set.elements.isList { set.elements = set.definition.noElements }
            return set
        }
        return Table(name: name, flags: flags, userdata: userdata, chains: chains, sets: emptied, objects: objects)
    }
}

extension TableReading {
    /// Adds messages; `false` if one is invalid or incomplete.
    fileprivate mutating func take(messages bytes: [UInt8], of subsystem: UInt16) -> Bool {
        let messages = NetlinkMessage.split(bytes, length: bytes.count, portID: 0)
        guard messages.last?.payload.endIndex == bytes.count else { return false }
        do throws(SystemError) {
            for message in messages where message.type >> 8 == subsystem { try addUnasked(message) }
        } catch { return false }
        closeSet()
        return true
    }

    /// Adds a message of an archive: a message with elements selects their set.
    fileprivate mutating func addUnasked(_ message: NetlinkMessage) throws(SystemError) {
        if UInt32(message.type & 0xff) == NFT_MSG_NEWSETELEM.rawValue {
            let set = message.attributes?.name(NFTA_SET_ELEM_LIST_SET) ?? ""
            if open?.name != set {
                closeSet()
                open = collector(for: set).map { (set, $0) }
            }
        }
        try add(message)
    }
}
