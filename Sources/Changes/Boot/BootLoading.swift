internal import Compiler
public import Kernel
internal import Rulesets
internal import System

/// What a boot does: loads the last confirmed table as it is kept, with no policy, no names and no network.
public struct BootLoading {
    /// What was loaded.
    public enum Outcome {
        /// The table of this change.
        case table(change: Int, ChangeRecord)
        /// Nothing: this change removed the table.
        case nothing(change: Int)
    }

    /// Something that the user should know beside what was loaded.
    public enum Note {
        /// What became of a change that another command left unfinished.
        case settlement(Settlement)
        /// What others left unfinished could not be finished, and why.
        case unsettled(any Error)
    }

    private let store: any RulesetStore
    private let location: StateLocation
    private let host: ChangeHost
    private let note: (Note) -> Void

    /// The loading of what a state directory keeps.
    public init(
        from location: StateLocation, into store: any RulesetStore, on host: ChangeHost, note: @escaping (Note) -> Void
    ) {
        self.location = location
        self.store = store
        self.host = host
        self.note = note
    }

    /// Loads it, or else the floor: a host whose state is lost is not an open one.
    ///
    /// - Throws: `failure` also when the floor was loaded.
    public func load(else floor: Floor) throws -> Outcome {
        do { return try loadConfirmed() } catch let error as ChangeError where error.reason == .refused {
            throw error
        } catch {
            throw ChangeError(.failure, "\(error); \(try load(floor))")
        }
    }

    private func loadConfirmed() throws -> Outcome {
        let state = try RulesetState(at: location, on: host, isBoot: true)
        // What can be read but not written is loaded all the same.
        let lock = try? state.lock()
        defer { withExtendedLifetime(lock) {} }
        // Without /proc nothing tells whether a pending change is of this boot: the confirmed one is right either way.
        if let identity = try? host.knownIdentity() {
            if lock != nil { settle(state) }
            if let pending = try? state.pending(), pending.identity == identity { throw state.refusal(pending) }
        }
        guard let entry = try state.log.lastConfirmed() else {
            throw ChangeError(.failure, "\(location.directory) holds no change that could be loaded")
        }
        let record = try state.log.record(entry)
        guard let table = record.table else { return .nothing(change: entry.number) }
        // After a boot there is no grant; a unit that is started again leaves those that there are.
        try TableWriter.insist(on: table, in: store, carrying: (try? state.grants()) ?? GrantBook())
        return .table(change: entry.number, record)
    }

    /// Sorts out what others left; a disk that cannot be written does not keep what was confirmed from being loaded.
    private func settle(_ state: RulesetState) {
        do { try state.settle(store).forEach { note(.settlement($0)) } } catch { note(.unsettled(error)) }
    }

    /// Loads the floor where nothing is live; says what was done.
    private func load(_ floor: Floor) throws -> String {
        guard try !store.tableNames().contains(Names.table) else { return "what is live stays live" }
        try TableWriter.insist(on: compile(floor.policy).table, in: store)
        return "loaded the floor instead: \(floor.text)"
    }
}
