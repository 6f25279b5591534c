internal import CMnl
internal import CNftnl
internal import Glibc
public import Rulesets

extension Nftables {
    /// The names of all tables, of whomever they are, in the order of their making.
    ///
    /// - Throws: `permission` without CAP_NET_ADMIN, `unsupported` without nf_tables, `io`.
    public func tableNames() throws(KernelError) -> [TableName] {
        var names: [TableName] = []
        do throws(SystemError) {
            try get(NFT_MSG_GETTABLE, family: .init(rawValue: 0), flags: NLM_F_DUMP) { message throws(SystemError) in
                guard let name = message.attributes?.name(NFTA_TABLE_NAME) else {
                    throw .malformed("a table has no name")
                }
                names.append(TableName(family: TableFamily(rawValue: message.family), name: name))
            }
        } catch { throw error.during("listing the tables") }
        return names
    }

    /// Reads every table but one; each is as it was at one generation, which need not be the same for all.
    ///
    /// - Throws: what `snapshot(of:)` throws.
    public func tables(except excluded: TableName) throws(KernelError) -> [Table] {
        var tables: [Table] = []
        for name in try tableNames() where name != excluded {
            // One that was deleted meanwhile is none.
            if let table = try snapshot(of: name).table { tables.append(table) }
        }
        return tables
    }
}
