internal import Compiler
public import Kernel
internal import Rulesets
internal import System

/// The loading at boot: restores the last confirmed table as it was saved, without a policy, names or network.
public struct BootLoading {
    /// What was loaded.
    public enum Outcome {
        /// The table of this change.
        case table(change: Int, ChangeRecord)
        /// Nothing, since this change removed the table.
        case nothing(change: Int)
        /// Nothing, since no change was ever confirmed on this host.
        case neverApplied
    }

    /// A message for the user about a boot.
    public enum Note {
        /// The outcome of a change that another command left unfinished.
        case settlement(Settlement)
        /// A change that another command left unfinished could not be settled, for this reason.
        case unsettled(any Error)
    }

    private let store: any RulesetStore
    private let location: StateLocation
    private let host: ChangeHost
    /// The clock, in seconds since 1970-01-01T00:00:00Z, which a boot may have set back.
    private let now: Int64
    private let note: (Note) -> Void

    /// The loading from a state directory.
    public init(
        from location: StateLocation, into store: any RulesetStore, on host: ChangeHost, now: Int64,
        note: @escaping (Note) -> Void
    ) {
        self.location = location
        self.store = store
        self.host = host
        self.now = now
        self.note = note
    }

    /// Loads the last confirmed table; if that fails, the floor: a host that lost its state stays closed.
    ///
    /// - Throws: `failure`, even if the floor was loaded.
    public func load(else floor: Floor) throws -> Outcome {
        if floor == .recorded && wasNeverApplied { return .neverApplied }
        do { return try loadConfirmed() } catch let error as ChangeError where error.reason == .refused {
            throw error
        } catch {
            let message = "\(error); \(try load(floor))"
            host.markLoaded(location.directory, true)
            throw ChangeError(.failure, message)
        }
    }

    /// Whether no change was ever confirmed on this host: there is neither a recorded floor nor a confirmed change.
    private var wasNeverApplied: Bool {
        guard let directory = host.floorDirectory(location.directory), !FloorRecord.exists(in: directory) else {
            return false
        }
        guard StateFiles.hasEntry(location.directory) else { return true }
        guard let state = try? RulesetState(at: location, on: host, isBoot: true) else { return false }
        return (try? state.log.lastConfirmed() == nil) ?? false
    }

    private func loadConfirmed() throws -> Outcome {
        let state = try RulesetState(at: location, on: host, isBoot: true)
        // A state that can be read but not written is loaded anyway.
        let lock = try? state.lock()
        defer { withExtendedLifetime(lock) {} }
        // Without /proc, a pending change of this boot cannot be recognized; the confirmed one is right in either case.
        if let identity = try? host.knownIdentity() {
            if lock != nil { settle(state) }
            if let pending = try? state.pending(), pending.identity == identity {
                return try loadFlushed(pending, of: state)
            }
        }
        guard let entry = try state.log.lastConfirmed() else {
            throw ChangeError(.failure, "\(location.directory) has no change that can be loaded")
        }
        let record = try state.log.record(entry)
        guard let table = record.table else { return .nothing(change: entry.number) }
        // After a boot there are no grants; a restart of the unit keeps those that are live.
        let target = table.closingExpired(by: lateness(of: record, state))
        try TableWriter.insist(on: target, in: store, carrying: (try? state.grants()) ?? GrantBook())
        host.markLoaded(location.directory, true)
        if let directory = host.floorDirectory(location.directory), !FloorRecord.exists(in: directory) {
            state.recordFloor(for: table)
        }
        return .table(change: entry.number, record)
    }

    /// The newest time in the state if the clock is behind it; the kernel enforces an expiry by a clock that is right.
    private func lateness(of record: ChangeRecord, _ state: RulesetState) -> Int64 {
        let newest = max(record.time, state.files.newestTime)
        return newest > now ? newest : 0
    }

    /// Loads the table of a pending change again if another program flushed it; its undo goes on.
    private func loadFlushed(_ pending: PendingChange, of state: RulesetState) throws -> Outcome {
        let record = try? state.log.record(state.log.entry(pending.number))
        guard let record, let table = record.table, try !store.tableNames().contains(Names.table) else {
            throw state.refusal(pending, in: store)
        }
        try TableWriter.insist(on: table, in: store, carrying: (try? state.grants()) ?? GrantBook())
        return .table(change: pending.number, record)
    }

    /// Settles unfinished changes; a disk that cannot be written must not prevent the loading.
    private func settle(_ state: RulesetState) {
        do { try state.settle(store).forEach { note(.settlement($0)) } } catch { note(.unsettled(error)) }
    }

    /// Loads the floor if no table is live; returns a message about it.
    private func load(_ floor: Floor) throws -> String {
        guard try !store.tableNames().contains(Names.table) else { return "the live table was kept" }
        let ports = ports(of: floor)
        try TableWriter.insist(on: compile(Floor.policy(opening: ports)).table, in: store)
        return "loaded the floor instead: \(Floor.text(opening: ports))"
    }

    private func ports(of floor: Floor) -> [UInt16] {
        switch floor {
        case .ssh: Floor.defaultPorts
        case .closed: []
        case .recorded:
            host.floorDirectory(location.directory).flatMap { FloorRecord(in: $0)?.ports } ?? Floor.defaultPorts
        }
    }
}
