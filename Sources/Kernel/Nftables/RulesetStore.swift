public import Addressing
public import Rulesets
public import System

/// The ruleset of one network namespace: tables read whole and changed in one transaction.
public protocol RulesetStore: AnyObject {
    /// The number of the ruleset's generation, which every commit raises.
    func generation() throws(KernelError) -> UInt32
    /// The tables of every family, whoever made them.
    func tableNames() throws(KernelError) -> [TableName]
    /// A table as it is, read faster where a big set of it holds what it holds in one of `candidates`.
    ///
    /// `committed` is the generation that a commit by this process made the first of them in, if it did.
    func snapshot(
        of table: TableName, expecting candidates: [Table], committed: UInt32?
    ) throws(KernelError) -> TableSnapshot
    /// The addresses of the host whose ruleset it is; `nil` where they are not known.
    func addresses() -> AddressSet?
    /// Keeps the big sets that are read in this directory, and believes them while nobody has committed anything since.
    func cacheSets(in directory: String)
    /// Makes the transaction, all or nothing, if the generation is still the snapshot's; returns the new generation.
    func commit(_ transaction: Transaction, onto snapshot: TableSnapshot) throws(KernelError) -> UInt32
    /// Has the transaction checked, and makes nothing.
    func validate(_ transaction: Transaction, onto snapshot: TableSnapshot) throws(KernelError)
}

extension RulesetStore {
    /// A table as it is, read faster where a big set of it holds what it holds in one of `candidates`.
    public func snapshot(
        of table: TableName, expecting candidates: [Table] = []
    ) throws(KernelError) -> TableSnapshot {
        try snapshot(of: table, expecting: candidates, committed: nil)
    }
}
