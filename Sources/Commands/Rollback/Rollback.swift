public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets
internal import System

/// `portreeve rollback`: undoes the pending change, or goes back to an earlier one.
public struct Rollback: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Undo the pending change, or go back to an earlier one.")

    @Argument(
        help: ArgumentHelp("The number of the change to go back to, see portreeve history.", valueName: "number"),
        transform: ChangeNumber.argument)
    var number: Int?

    @OptionGroup var kernel: KernelOptions
    @OptionGroup var safety: SafetyOptions
    /// The output options.
    @OptionGroup public var output: OutputOptions

    /// Creates a command for the parser.
    public init() {}

    /// Goes back, with the lockout guard of every change.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let store = try kernel.openStore(on: host)
        let state = try kernel.state(on: host)
        if number == nil, try state.pending() != nil { return try undo(state, store, console) }
        try kernel.settleOverdue(in: store, on: host, console)
        let back = try ChangeBack(to: number, of: state, in: store)
        let maker = ChangeMaker(host, kernel, safety, console)
        if back.change.transaction.isEmpty { return try maker.keep(back.change, in: store) }
        let access = try AccessReport(of: back.change, in: store, now: host.now)
        return try maker.make(back.change, in: store, question: "go back to change \(back.number)?") { isAnew in
            let access = isAnew ? try AccessReport(of: back.change, in: store, now: host.now) : access
            let time = UTCTime.text(back.record.time)
            let head = "back to change \(back.number) of \(time) by \(back.record.author.text)"
            let advice = "the policy file is not changed: portreeve verify will report the differences from it"
            return ([head] + access.groupedLines(console, hint: nil) + [advice]).joined(separator: "\n")
        }
    }

    private func undo(_ state: RulesetState, _ store: any RulesetStore, _ console: Console) throws -> ExitStatus {
        let found = try state.undoWaiting(in: store)
        let generation = try store.generation()
        if console.isJSON {
            console.print(["format_version": 1, "changed": true, "generation": .number(Int(generation))])
        } else if !console.isQuiet {
            found.map(\.text).forEach(console.print)
        }
        return .success
    }
}
