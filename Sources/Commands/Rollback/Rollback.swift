public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel
internal import Rulesets
internal import System

/// `portreeve rollback`: undoes what is pending, or goes back to an earlier change.
public struct Rollback: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Undo the change that waits to be confirmed, or go back to an earlier one.")

    @Argument(help: ArgumentHelp("The change to go back to, as history numbers it.", valueName: "number"))
    var number: Int?

    @OptionGroup var kernel: KernelOptions
    @OptionGroup var safety: SafetyOptions
    /// How it writes.
    @OptionGroup public var output: OutputOptions

    /// A command to be filled by the parser.
    public init() {}

    /// Goes back, guarded like any change.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let store = try kernel.openStore(on: host)
        let state = try kernel.state(on: host)
        if number == nil, try state.pending() != nil { return try undo(state, store, console) }
        let entry = try number.map(state.log.entry) ?? previous(state.log)
        let record = try state.log.record(entry)
        guard !record.kind.keepsTable else {
            throw CommandError(
                .failure, "change \(entry.number) let somebody in for a time, or not any longer, and made no table")
        }
        let snapshot = try store.snapshot(of: Names.table, expecting: record.table.map { [$0] } ?? [])
        let change = RulesetChange(
            snapshot: snapshot, table: record.table, kind: .rollback, summary: "back to change \(entry.number)",
            origin: entry.number, files: record.files, grants: try state.grants())
        let maker = ChangeMaker(host, kernel, safety, console)
        if change.transaction.isEmpty { return try maker.keep(change, in: store) }
        return try maker.make(change, in: store, question: "go back to change \(entry.number)?") {
            let (live, target) = (DecompiledPolicy(snapshot.table), DecompiledPolicy(record.table))
            let access = AccessReport(from: snapshot.table, live, to: record.table, target, now: host.now)
            let head = "back to change \(entry.number) of \(UTCTime.text(record.time)) by \(record.author.text)"
            let advice = "the policy file is not touched: verify will name what differs from it"
            return ([head] + access.lines(console) + [advice]).joined(separator: "\n")
        }
    }

    /// The change before the one that is live.
    private func previous(_ log: ChangeLog) throws -> ChangeLog.Entry {
        let confirmed = try log.entries().filter { $0.outcome == .confirmed }
        guard confirmed.count > 1 else {
            throw CommandError(.failure, "there is no earlier change: \"portreeve history\" lists those there are")
        }
        return confirmed[confirmed.count - 2]
    }

    private func undo(_ state: RulesetState, _ store: any RulesetStore, _ console: Console) throws -> ExitStatus {
        let lock = try state.lock()
        defer { withExtendedLifetime(lock) {} }
        var found = try state.settle(store).map(\.text)
        if let pending = try state.pending() {
            try state.undo(pending, store)
            found = ["change \(pending.number) is undone"]
        }
        let generation = try store.generation()
        if console.isJSON {
            console.print(["format_version": 1, "changed": true, "generation": .number(Int(generation))])
        } else if !console.isQuiet {
            found.forEach(console.print)
        }
        return .success
    }
}
