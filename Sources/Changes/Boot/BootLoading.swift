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
    private let note: (Note) -> Void

    /// The loading from a state directory.
    public init(
        from location: StateLocation, into store: any RulesetStore, on host: ChangeHost, note: @escaping (Note) -> Void
    ) {
        self.location = location
        self.store = store
        self.host = host
        self.note = note
    }

    /// Loads the last confirmed table; if that fails, the floor: a host that lost its state stays closed.
    ///
    /// - Throws: `failure`, even if the floor was loaded.
    public func load(else floor: Floor) throws -> Outcome {
        do { return try loadConfirmed() } catch let error as ChangeError where error.reason == .refused {
            throw error
        } catch {
            throw ChangeError(.failure, "\(error); \(try load(floor))")
        }
    }

    private func loadConfirmed() throws -> Outcome {
        let state = try RulesetState(at: location, on: host, isBoot: true)
        // A state that can be read but not written is loaded anyway.
        let lock = try? state.lock()
        defer { withExtendedLifetime(lock) {} }
        // Without /proc, a pending change of this boot cannot be recognized; the confirmed one is right in either case.
        if let identity = try? host.knownIdentity() {
            if lock != nil { settle(state) }
            if let pending = try? state.pending(), pending.identity == identity { throw state.refusal(pending) }
        }
        guard let entry = try state.log.lastConfirmed() else {
            throw ChangeError(.failure, "\(location.directory) has no change that can be loaded")
        }
        let record = try state.log.record(entry)
        guard let table = record.table else { return .nothing(change: entry.number) }
        // After a boot there are no grants; a restart of the unit keeps those that are live.
        try TableWriter.insist(on: table, in: store, carrying: (try? state.grants()) ?? GrantBook())
        return .table(change: entry.number, record)
    }

    /// Settles unfinished changes; a disk that cannot be written must not prevent the loading.
    private func settle(_ state: RulesetState) {
        do { try state.settle(store).forEach { note(.settlement($0)) } } catch { note(.unsettled(error)) }
    }

    /// Loads the floor if no table is live; returns a message about it.
    private func load(_ floor: Floor) throws -> String {
        guard try !store.tableNames().contains(Names.table) else { return "the live table was kept" }
        try TableWriter.insist(on: compile(floor.policy).table, in: store)
        return "loaded the floor instead: \(floor.text)"
    }
}
