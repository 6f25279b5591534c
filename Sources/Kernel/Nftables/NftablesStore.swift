public import Addressing
public import Listeners
public import Rulesets
public import System

/// The nf_tables of the network namespace in which the value was created, with a cache of big sets.
public final class NftablesStore: RulesetStore {
    private let nftables: Nftables
    private var cache: SetCacheFile?
    /// Whether a table can also be read while the ruleset is changed all the time.
    public var toleratesChanges = false

    /// Opens the ruleset of the calling thread's network namespace.
    public init() throws(KernelError) { nftables = try Nftables() }

    /// Caches big sets in this directory.
    public func cacheSets(in directory: String) { cache = SetCacheFile(directory: directory) }

    /// The generation of the ruleset.
    public func generation() throws(KernelError) -> UInt32 { try nftables.generation() }

    /// The tables of every family.
    public func tableNames() throws(KernelError) -> [TableName] { try nftables.tableNames() }

    /// Reads a table.
    public func snapshot(
        of table: TableName, expecting candidates: [Table], committed: UInt32?
    ) throws(KernelError) -> TableSnapshot {
        // Only portreeve's own table has candidates, and only its sets are cached.
        let cache = candidates.isEmpty ? nil : cache
        let identity = cache.flatMap { _ in RulesetIdentity(of: nftables) }
        // After a commit by this process, its candidate is more reliable than the cache.
        let cached = committed == nil ? identity.flatMap { cache?.load(for: $0) } : nil
        let snapshot = try nftables.snapshot(
            of: table, expecting: Expectation(candidates, committed: committed, cache: cached),
            toleratesChanges: toleratesChanges)
        // A reading during changes is not known to be that of its generation.
        if toleratesChanges, (try? nftables.generation()) != snapshot.generation { return snapshot }
        if let cache, let identity { Self.keep(snapshot, identity, in: cache, insteadOf: cached) }
        return snapshot
    }

    /// The number of elements in a set.
    public func elementCount(of set: String, in table: TableName) throws(KernelError) -> Int {
        try nftables.elementCount(of: set, in: table)
    }

    /// The elements of a set that have other expressions than these.
    public func elements(
        of set: String, in table: TableName, unlike expressions: [Expression]
    ) throws(KernelError) -> [SetElement] { try nftables.elements(of: set, in: table, unlike: expressions) }

    /// The addresses of the calling thread's network namespace; `nil` if they cannot be read.
    public func addresses() -> AddressSet? { (try? HostAddresses.all()).map { AddressSet($0) } }

    /// The interfaces and routes of the calling thread's network namespace; `nil` if they cannot be read.
    public func network() -> (any HostNetwork)? { try? KernelNetwork() }

    /// The tables of `iptables-legacy` in the calling thread's network namespace.
    public func legacyTables() -> [LegacyTable] { LegacyTables.all }

    /// Applies a transaction as a whole or not at all.
    public func commit(_ transaction: Transaction, onto snapshot: TableSnapshot) throws(KernelError) -> UInt32 {
        try nftables.commit(transaction, onto: snapshot)
    }

    /// Has the kernel check a transaction; changes nothing.
    public func validate(_ transaction: Transaction, onto snapshot: TableSnapshot) throws(KernelError) {
        try nftables.validate(transaction, onto: snapshot)
    }

    /// Caches the big sets of the snapshot.
    private static func keep(
        _ snapshot: TableSnapshot, _ identity: RulesetIdentity, in file: SetCacheFile, insteadOf old: SetCache?
    ) {
        if old?.isCurrent(for: snapshot) == true { return }
        if let seen = SetCache(of: snapshot, in: identity) {
            file.store(seen)
        } else if old != nil {
            file.forget()
        }
    }
}
