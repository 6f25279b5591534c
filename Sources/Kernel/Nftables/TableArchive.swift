internal import CNftnl
public import Rulesets

/// A table as octets: the netlink messages that make it, in host byte order, as the kernel would get them.
///
/// Nothing is lost: what is not understood of a rule, an object or a set is in the messages as the kernel gave it.
public enum TableArchive {
    /// The number of nf_tables in the upper octet of a message's type.
    private static let subsystem = UInt16(NFNL_SUBSYS_NFTABLES)

    /// The messages that make a table from nothing.
    public static func bytes(of table: Table) -> [UInt8] {
        var batch = Batch(table: table.name, generation: 0, firstSequence: 0)
        batch.references.isArchive = true
        let nothing = TableSnapshot(generation: 0, table: nil)
        for (step, operation) in Transaction(from: nil, to: table, named: table.name).operations.enumerated() {
            batch.append(operation, step: step, nothing)
        }
        return batch.bytes
    }

    /// The table that the messages make; `nil` for anything but what `bytes` gives.
    public static func table(_ name: TableName, from bytes: [UInt8]) -> Table? {
        let messages = NetlinkMessage.split(bytes, length: bytes.count, portID: 0)
        guard messages.last?.payload.endIndex == bytes.count else { return nil }
        var reading = TableReading(name: name, generation: 0)
        do throws(SystemError) {
            for message in messages where message.type >> 8 == subsystem { try reading.addUnasked(message) }
        } catch { return nil }
        reading.closeSet()
        return reading.snapshot.table
    }
}

extension TableReading {
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
