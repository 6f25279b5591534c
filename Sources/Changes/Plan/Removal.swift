internal import Compiler
public import Kernel
public import Listeners
public import Rulesets
public import System

/// What becomes open when portreeve's table is removed.
public struct Removal {
    /// The sources that gain access to this host, by the tables that stay.
    public let access: AccessReport
    /// The listeners that more clients reach.
    public let listeners: ListenerChanges
    /// The number of tables that stay.
    public let others: Int
    /// The grants and bans that end.
    public let grants: GrantBook
    /// The table that is removed.
    public let table: Table?

    /// Computes the consequences of a change that removes the table.
    ///
    /// - Throws: any error in reading the tables of other programs.
    public init(
        of change: RulesetChange, in store: any RulesetStore, now: Int64,
        sockets: () throws(KernelError) -> HostSockets
    ) throws(KernelError) {
        access = try AccessReport(of: change, in: store, now: now)
        listeners = ListenerChanges(of: access, sockets: sockets)
        (grants, table) = (change.grants, change.snapshot.table)
        others = try store.tableNames().count { $0 != Names.table }
    }
}
