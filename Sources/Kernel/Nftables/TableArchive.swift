internal import CNftnl
public import Rulesets
internal import System

/// A table as octets: the netlink messages that make it, in host byte order, as the kernel would get them.
///
/// Nothing is lost: what is not understood of a rule, an object or a set is in the messages as the kernel gave it. The
/// elements of big sets are packed beside the messages: they are most of what is written, and brought to the disk.
public enum TableArchive {
    /// The number of nf_tables in the upper octet of a message's type.
    private static let subsystem = UInt16(NFNL_SUBSYS_NFTABLES)

    private static let kind = "table"
    /// The fields: the messages, and then for each set of ranges its name and they.
    private static let (messages, set) = ("messages", "set")

    /// What keeps a table.
    public static func bytes(of table: Table) -> [UInt8] {
        var document = StateDocument(kind: kind)
        document.append(messages, creation(of: table.withoutRanges))
        for set in table.sets where !set.elements.isEmpty && !set.elements.isList {
            document.append(Self.set, set.name)
            _ = PackedRanges.append(set.elements, to: &document)
        }
        return document.bytes
    }

    /// The messages that make a table from nothing.
    private static func creation(of table: Table) -> ArraySlice<UInt8> {
        var batch = Batch(table: table.name, generation: 0, firstSequence: 0)
        batch.references.isArchive = true
        let nothing = TableSnapshot(generation: 0, table: nil)
        let transaction = Transaction(from: nil, to: table, named: table.name)
        batch.reserve(transaction.estimatedLength)
        for (step, operation) in transaction.operations.enumerated() {
            batch.append(operation, step: step, nothing)
        }
        return batch.octets
    }

    /// The table that was kept; `nil` for anything but what `bytes` gives.
    public static func table(_ name: TableName, from bytes: [UInt8]) -> Table? { table(name, from: bytes[...]) }

    /// The same in the middle of other octets.
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
        return reading.snapshot.table
    }
}

extension Table {
    /// The same table, the sets of ranges empty.
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
    /// Takes messages in; `false` when one of them does not read, or is cut.
    fileprivate mutating func take(messages octets: [UInt8], of subsystem: UInt16) -> Bool {
        let messages = NetlinkMessage.split(octets, length: octets.count, portID: 0)
        guard messages.last?.payload.endIndex == octets.count else { return false }
        do throws(SystemError) {
            for message in messages where message.type >> 8 == subsystem { try addUnasked(message) }
        } catch { return false }
        closeSet()
        return true
    }

    /// Takes a message in whose set nobody has opened: elements open theirs.
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
