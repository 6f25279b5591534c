public import Addressing
public import Listeners
public import Rulesets
public import System

/// The ruleset of one network namespace: tables read whole and changed in one transaction.
public protocol RulesetStore: AnyObject {
    /// Whether a table can also be read while the ruleset is changed all the time, as two readings in a row that agree.
    ///
    /// A commit must not build on that; it would be refused.
    var toleratesChanges: Bool { get set }
    /// The generation of the ruleset; every commit with a change makes a new one.
    func generation() throws(KernelError) -> UInt32
    /// The tables of all families and owners.
    func tableNames() throws(KernelError) -> [TableName]
    /// Reads a table; faster if the big sets of one of `candidates` are the same.
    ///
    /// `committed` is the generation that this process's commit of the first candidate made; `nil` without such a
    /// commit.
    func snapshot(
        of table: TableName, expecting candidates: [Table], committed: UInt32?
    ) throws(KernelError) -> TableSnapshot
    /// The number of elements in a set.
    ///
    /// Elements that have timed out count on some kernels until they are collected.
    ///
    /// - Throws: `permission`, `io`; `missing` if the set or the table does not exist.
    func elementCount(of set: String, in table: TableName) throws(KernelError) -> Int
    /// The elements of a set that have other expressions than these.
    ///
    /// - Throws: `permission`, `io`; `missing` if the set or the table does not exist.
    func elements(
        of set: String, in table: TableName, unlike expressions: [Expression]
    ) throws(KernelError) -> [SetElement]
    /// The addresses of the host; `nil` if they are not known.
    func addresses() -> AddressSet?
    /// The interfaces and routes of the host; `nil` if they cannot be read.
    func network() -> (any HostNetwork)?
    /// The tables of `iptables-legacy`, which filter packets beside nf_tables.
    func legacyTables() -> [LegacyTable]
    /// Caches big sets in this directory; the cache is valid until the next commit by any process.
    func cacheSets(in directory: String)
    /// Commits the transaction as a whole if the generation is still the snapshot's; returns the new generation.
    func commit(_ transaction: Transaction, onto snapshot: TableSnapshot) throws(KernelError) -> UInt32
    /// Has the transaction checked; changes nothing.
    func validate(_ transaction: Transaction, onto snapshot: TableSnapshot) throws(KernelError)
}

extension RulesetStore {
    /// Reads a table; faster if the big sets of one of `candidates` are the same.
    public func snapshot(
        of table: TableName, expecting candidates: [Table] = []
    ) throws(KernelError) -> TableSnapshot {
        try snapshot(of: table, expecting: candidates, committed: nil)
    }
}
