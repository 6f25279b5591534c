public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel
internal import Rulesets

/// `portreeve confirm`: keeps a change that would undo itself.
public struct Confirm: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "Keep the change that \"apply --confirm\" made; best from a session that was opened after it.")

    @OptionGroup var kernel: KernelOptions
    /// How it writes.
    @OptionGroup public var output: OutputOptions

    /// A command to be filled by the parser.
    public init() {}

    /// Keeps the change, if it is still live.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let store = try kernel.openStore(on: host)
        let state = try kernel.state(on: host)
        let lock = try state.lock()
        defer { withExtendedLifetime(lock) {} }
        let found = try state.settle(store)
        guard let pending = try state.pending() else {
            throw CommandError(.failure, found.last?.text ?? "nothing waits to be confirmed")
        }
        let table = try state.log.record(state.log.entry(pending.number)).table
        let live = try store.snapshot(of: Names.table, expecting: table.map { [$0] } ?? [])
        let target = try state.grants().target(table, onto: live.table)
        guard Transaction(from: live.table, to: target, named: Names.table).isEmpty else {
            throw CommandError(
                .changedUnderneath,
                "what is live is not what change \(pending.number) made: \"portreeve rollback\" puts back what was before"
            )
        }
        try state.confirm(pending)
        if console.isJSON {
            console.print([
                "format_version": 1, "change": .number(pending.number), "generation": .number(Int(live.generation)),
            ])
        } else if !console.isQuiet {
            console.print("change \(pending.number) is confirmed")
        }
        return .success
    }
}
