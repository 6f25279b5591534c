public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Printing
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

    @Flag(
        name: [.customShort("n"), .customLong("dry-run")],
        help: "Show who would gain and lose access, and change nothing.")
    var isDryRun = false

    @Flag(help: "Show every source, too.")
    var verbose = false

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
        if isDryRun { return try show(state, store, on: host, console) }
        if number == nil, try state.pending() != nil {
            return try undo(state, store, on: host, console)
        }
        try kernel.settleOverdue(in: store, on: host, console)
        let back = try ChangeBack(to: number, of: state, in: store)
        let maker = ChangeMaker(host, kernel, safety, console)
        if back.change.transaction.isEmpty {
            return try maker.keep(back.change, in: store, done: try sameness(of: back, state.log))
        }
        let access = try AccessReport(of: back.change, in: store, now: host.now)
        return try maker.make(back.change, in: store, question: "go back to change \(back.number)?") { isAnew in
            let access = isAnew ? try AccessReport(of: back.change, in: store, now: host.now) : access
            let advice = "the policy file is not changed: \"portreeve verify\" reports how it differs"
            return text(headline(of: back), access, console) + "\n" + advice
        }
    }

    private func headline(of back: ChangeBack) -> String {
        "back to change \(back.number) of \(UTCTime.text(back.record.time)) by \(back.record.author.text)"
    }

    /// Who gains and who loses access, after a line that says by what.
    private func text(_ headline: String, _ access: AccessReport, _ console: Console) -> String {
        let lines = access.changeLines(
            console, named: SourceNames(), atMost: verbose ? .max : AccessReport.shownLines, hint: "--verbose")
        return ([headline] + lines).joined(separator: "\n")
    }

    /// Prints what the command would change, and changes nothing.
    private func show(
        _ state: RulesetState, _ store: any RulesetStore, on host: Host, _ console: Console
    ) throws -> ExitStatus {
        if number == nil, let pending = try state.pending(), let undo = try state.undoOfWaiting(in: store) {
            try show(undo, "undo of change \(pending.number)", in: store, on: host, console)
            return .success
        }
        let back = try ChangeBack(to: number, of: state, in: store)
        if back.change.transaction.isEmpty, !console.isJSON {
            if !console.isQuiet { console.print(try sameness(of: back, state.log)) }
        } else {
            try show(back.change, headline(of: back), in: store, on: host, console)
        }
        return .success
    }

    private func show(
        _ change: RulesetChange, _ headline: String, in store: any RulesetStore, on host: Host, _ console: Console
    ) throws {
        let access = try AccessReport(of: change, in: store, now: host.now)
        if console.isJSON {
            console.print(["format_version": 1, "changed": false, "access": access.json])
        } else {
            console.print(text(headline, access, console))
        }
    }

    /// What to say where the table of the change is loaded already, and how to go further back.
    private func sameness(of back: ChangeBack, _ log: ChangeLog) throws -> String {
        let start = "the table of change \(back.number) is loaded already: nothing to do"
        guard number == nil, let earlier = try back.earlierDifference(in: log) else { return start }
        return "\(start); \"portreeve rollback \(earlier)\" goes further back"
    }

    /// The policy file that has the text of the pending change, and would load it again.
    private func source(of state: RulesetState, on host: Host) -> String? {
        guard let pending = try? state.pending(), let record = try? state.log.record(state.log.entry(pending.number)),
            record.kind == .apply, let file = record.files.first,
            let text = try? host.files.read(file.path), Array(text.utf8) == file.text
        else { return nil }
        return file.path
    }

    private func undo(
        _ state: RulesetState, _ store: any RulesetStore, on host: Host, _ console: Console
    ) throws -> ExitStatus {
        let source = source(of: state, on: host)
        let found = try state.undoWaiting(in: store)
        let generation = try store.generation()
        if console.isJSON {
            console.print(["format_version": 1, "changed": true, "generation": .number(Int(generation))])
        } else if !console.isQuiet {
            found.map(\.text).forEach(console.print)
            if let source {
                console.print("\(source.printable) still has this change: the next \"portreeve apply\" loads it again")
            }
        }
        return .success
    }
}
