internal import Addressing
internal import Kernel
internal import Listeners
internal import Rulesets
internal import System

/// The kernel's nf_tables.
final class NftablesStore: RulesetStore {
    private let nftables: Nftables
    private var memory: SetMemoryFile?

    /// Opens the ruleset of the namespace that the process is in.
    init() throws(KernelError) { nftables = try Nftables() }

    func remember(in directory: String) { memory = SetMemoryFile(directory: directory) }

    func generation() throws(StoreError) -> UInt32 {
        do throws(KernelError) { return try nftables.generation() } catch { throw StoreError(error) }
    }

    func snapshot(of table: TableName) throws(StoreError) -> StoredTable {
        try snapshot(of: table, expecting: [], committed: nil)
    }

    func snapshot(
        of table: TableName, expecting candidates: [Table], committed: UInt32?
    ) throws(StoreError) -> StoredTable {
        do throws(KernelError) {
            // Only what is expected to be somehow is portreeve's own.
            let memory = candidates.isEmpty ? nil : memory
            let identity = memory.flatMap { _ in SetMemoryFile.identity(of: nftables) }
            // Whoever has just committed knows better than what was seen before.
            let remembered = committed == nil ? identity.flatMap { memory?.load(for: $0) } : nil
            let snapshot = try nftables.snapshot(
                of: table, expecting: Expectation(candidates, committed: committed, memory: remembered))
            if let memory, let identity { Self.keep(snapshot, identity, in: memory, insteadOf: remembered) }
            return StoredTable(
                generation: snapshot.generation, table: snapshot.table,
                packets: snapshot.states.mapValues { $0.map(\.packets) }, token: snapshot)
        } catch { throw StoreError(error) }
    }

    func addresses() -> AddressSet? {
        guard let all = try? HostAddresses.all() else { return nil }
        var (ipv4, ipv6): ([ClosedRange<UInt32>], [ClosedRange<UInt128>]) = ([], [])
        for address in all {
            switch address {
            case .ipv4(let value): ipv4.append(value...value)
            case .ipv6(let value): ipv6.append(value...value)
            }
        }
        return AddressSet(ipv4: ipv4, ipv6: ipv6)
    }

    func tableNames() throws(StoreError) -> [TableName] {
        do throws(KernelError) { return try nftables.tableNames() } catch { throw StoreError(error) }
    }

    func commit(_ transaction: Transaction, onto snapshot: StoredTable) throws(StoreError) -> UInt32 {
        do throws(KernelError) { return try nftables.commit(transaction, onto: Self.original(snapshot)) } catch {
            throw StoreError(error)
        }
    }

    func validate(_ transaction: Transaction, onto snapshot: StoredTable) throws(StoreError) {
        do throws(KernelError) { try nftables.validate(transaction, onto: Self.original(snapshot)) } catch {
            throw StoreError(error)
        }
    }

    /// Remembers what big sets the snapshot has.
    private static func keep(
        _ snapshot: TableSnapshot, _ identity: SetMemory.Identity, in file: SetMemoryFile, insteadOf old: SetMemory?
    ) {
        if old?.isCurrent(for: snapshot) == true { return }
        if let seen = SetMemory(of: snapshot, in: identity) {
            file.store(seen)
        } else if old != nil {
            file.forget()
        }
    }

    private static func original(_ snapshot: StoredTable) -> TableSnapshot {
        guard let original = snapshot.token as? TableSnapshot else {
            preconditionFailure("a snapshot goes back to the store that made it")
        }
        return original
    }
}

extension StoreError {
    /// The kernel's answer, in words.
    init(_ error: KernelError) {
        self.init(
            isStale: [.generationChanged, .interrupted].contains(error.category),
            isDenied: error.category == .permission, "\(error)")
    }

    /// What `body` gives; its errors in words.
    static func of<Value>(_ body: () throws(KernelError) -> Value) throws(StoreError) -> Value {
        do throws(KernelError) { return try body() } catch { throw StoreError(error) }
    }
}
