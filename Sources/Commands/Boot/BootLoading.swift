internal import Compiler
internal import Kernel
internal import Rulesets

/// What a boot does: loads the last confirmed table as it is kept, with no policy, no names and no network.
struct BootLoading {
    private let host: Host
    private let kernel: KernelOptions
    private let console: Console

    /// Others load their rules at the same time.
    private static let attempts = 100

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
            let reason = (error as? StoreError)?.message ?? (error as? CommandError)?.message ?? "\(error)"
            throw CommandError(.failure, "\(reason); \(try load(floor, store))")
        }
    }

    private func loadConfirmed(_ store: any RulesetStore) throws -> String {
        let state = try RulesetState(kernel, on: host)
        // What can be read but not written is loaded all the same.
        let lock = try? state.lock()
        defer { withExtendedLifetime(lock) {} }
        try? state.settle(store).forEach { console.note("portreeve: \($0)") }
        if let pending = try state.pending(), pending.identity == host.changes.identity() {
            throw state.refusal(pending)
        }
        guard let entry = try state.log.lastConfirmed() else {
            throw CommandError(.failure, "\(state.files.directory) holds no change that could be loaded")
        }
        let record = try state.log.record(entry)
        guard let table = record.table else {
            return "change \(entry.number) removed table \(Names.table): nothing is loaded"
        }
        try replace(by: table, store)
        return "loaded change \(entry.number) of \(UTCTime.text(record.time)) by \(record.author.text)"
    }

    private func replace(by table: Table, _ store: any RulesetStore) throws {
        var store = store
        for attempt in 1...Self.attempts {
            let live = try store.snapshot(of: Names.table, expecting: [table])
            let transaction = Transaction(from: live.table, to: table, named: Names.table)
            do {
                if !transaction.isEmpty { _ = try TableWriter(store).replace(live, by: table, transaction) }
                return
            } catch let error as StoreError where error.isStale && attempt < Self.attempts { continue }
        }
    }

    /// Loads the floor where nothing is live; says what was done.
    private func load(_ floor: Floor, _ store: any RulesetStore) throws -> String {
        var reader = store
        guard try reader.snapshot(of: Names.table).table == nil else { return "what is live stays live" }
        try replace(by: compile(floor.policy).table, store)
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
