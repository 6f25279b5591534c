public import Addressing
public import Rulesets
public import System

/// The nf_tables of the network namespace that the calling thread was in when it was opened, with a cache of big sets.
public final class NftablesStore: RulesetStore {
    private let nftables: Nftables
    private var cache: SetCacheFile?

    /// Opens the ruleset of the namespace that the calling thread is in.
    public init() throws(KernelError) { nftables = try Nftables() }

    /// Keeps the big sets that are read in this directory.
    public func cacheSets(in directory: String) { cache = SetCacheFile(directory: directory) }

    /// The generation of the ruleset.
    public func generation() throws(KernelError) -> UInt32 { try nftables.generation() }

    /// The tables of every family.
    public func tableNames() throws(KernelError) -> [TableName] { try nftables.tableNames() }

    /// A table as it is.
    public func snapshot(
        of table: TableName, expecting candidates: [Table], committed: UInt32?
    ) throws(KernelError) -> TableSnapshot {
        // Only what is expected to be somehow is portreeve's own.
        let cache = candidates.isEmpty ? nil : cache
        let identity = cache.flatMap { _ in RulesetIdentity(of: nftables) }
        // Whoever has just committed knows better than what was seen before.
        let cached = committed == nil ? identity.flatMap { cache?.load(for: $0) } : nil
        let snapshot = try nftables.snapshot(
            of: table, expecting: Expectation(candidates, committed: committed, cache: cached))
        if let cache, let identity { Self.keep(snapshot, identity, in: cache, insteadOf: cached) }
        return snapshot
    }

    /// The addresses of the namespace that the calling thread is in.
    public func addresses() -> AddressSet? { (try? HostAddresses.all()).map { AddressSet($0) } }

    /// Applies a transaction as a whole or not at all.
    public func commit(_ transaction: Transaction, onto snapshot: TableSnapshot) throws(KernelError) -> UInt32 {
        try nftables.commit(transaction, onto: snapshot)
    }

    /// Has the kernel check a transaction.
    public func validate(_ transaction: Transaction, onto snapshot: TableSnapshot) throws(KernelError) {
        try nftables.validate(transaction, onto: snapshot)
    }

    /// Keeps the big sets that the snapshot has.
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
