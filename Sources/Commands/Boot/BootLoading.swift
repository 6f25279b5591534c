internal import Compiler
internal import Kernel
internal import Rulesets
internal import System

/// What a boot does: loads the last confirmed table as it is kept, with no policy, no names and no network.
struct BootLoading {
    private let host: Host
    private let kernel: KernelOptions
    private let console: Console

    init(_ host: Host, _ kernel: KernelOptions, _ console: Console) {
        self.host = host
        self.kernel = kernel
        self.console = console
    }

    /// Loads it, or else the floor: a host whose state is lost is not an open one.
    func load(else floor: Floor) throws -> ExitStatus {
        let store = try host.openStore(kernel.netns)
        do {
            report(try loadConfirmed(store))
            return .success
        } catch let error as CommandError where error.status == .refused {
            throw error
        } catch {
            throw CommandError(.failure, "\(error); \(try load(floor, store))")
        }
    }

    private func loadConfirmed(_ store: any RulesetStore) throws -> String {
        let state = try RulesetState(kernel, on: host)
        // What can be read but not written is loaded all the same.
        let lock = try? state.lock()
        defer { withExtendedLifetime(lock) {} }
        if lock != nil { settle(state, store) }
        if let pending = try? state.pending(), pending.identity == host.changes.identity() {
            throw state.refusal(pending)
        }
        guard let entry = try state.log.lastConfirmed() else {
            throw CommandError(.failure, "\(state.files.directory) holds no change that could be loaded")
        }
        let record = try state.log.record(entry)
        guard let table = record.table else {
            return "change \(entry.number) removed table \(Names.table): nothing is loaded"
        }
        // After a boot there is no grant; a unit that is started again leaves those that there are.
        try TableWriter.insist(on: table, in: store, carrying: (try? state.grants()) ?? GrantBook())
        return "loaded change \(entry.number) of \(UTCTime.text(record.time)) by \(record.author.text)"
    }

    /// Sorts out what others left; a disk that cannot be written does not keep what was confirmed from being loaded.
    private func settle(_ state: RulesetState, _ store: any RulesetStore) {
        do { try state.settle(store).forEach { console.note("portreeve: \($0)") } } catch {
            console.note("portreeve: warning: \(error)")
        }
    }

    /// Loads the floor where nothing is live; says what was done.
    private func load(_ floor: Floor, _ store: any RulesetStore) throws -> String {
        guard try !store.tableNames().contains(Names.table) else { return "what is live stays live" }
        try TableWriter.insist(on: compile(floor.policy).table, in: store)
        return "loaded the floor instead: \(floor.text)"
    }

    private func report(_ text: String) {
        if console.isJSON {
            console.print(["format_version": 1, "loaded": .string(text)])
        } else if !console.isQuiet {
            console.print(text)
        }
    }
}
