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
        commandName: "rollback", _superCommandName: Portreeve.name,
        abstract: "Undo the pending change, or go back to an earlier one.",
        usage: "portreeve rollback [<number>] [options]")

    @Argument(
        help: ArgumentHelp("The number of the change to go back to, see portreeve history.", valueName: "number"),
        transform: ChangeNumber.argument)
    var number: Int?

    @Flag(
        name: [.customShort("n"), .customLong("dry-run")],
        help: "Show who would gain and lose access, and change nothing.")
    var isDryRun = false

    @Flag(help: "Also show every source.")
    var verbose = false

    @Flag(help: "End the sessions that the earlier table refuses, except your own.")
    var cutSessions = false

    @OptionGroup var safety: SafetyOptions

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Unless it only shows.
    public var makesChange: Bool { !isDryRun }

    /// Rejects options that contradict each other.
    public func validate() throws {
        guard isDryRun, cutSessions else { return }
        throw ValidationError("--dry-run changes nothing; --cut-sessions cannot be used with it")
    }

    /// Goes back, with the lockout guard of every change.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let store = try kernel.openStore(on: host)
        let state = try kernel.earlierState(
            in: store, on: host, lacking: "earlier change", since: "nothing was applied yet")
        if isDryRun { return try show(state, store, on: host, console) }
        if number == nil, try state.pending() != nil {
            return try undo(state, store, on: host, console)
        }
        try kernel.settleOverdue(in: store, on: host, console)
        let back = try ChangeBack(to: number, of: state, in: store)
        var maker = ChangeMaker(host, kernel, safety, console)
        let policy = back.policy(ReadingOptions())
        if cutSessions { maker.cut = { cut(policy, back.change.target, on: host) } }
        if back.change.transaction.isEmpty {
            if cutSessions, let table = back.change.target {
                try maker.confirmCut(
                    of: OrphanedSessions(refusedBy: table, of: policy, among: host.sessions, now: host.now))
            }
            return try maker.keep(back.change, in: store, done: try sameness(of: back, state.log))
        }
        do {
            return try maker.make(back.change, in: store, question: question(back)) { _ in
                let text = try text(announcement(of: back), back.change, policy, in: store, on: host, console)
                let orphaned = OrphanedSessions(by: back.change, of: policy, among: host.sessions, now: host.now)
                return text + "\n" + advice(about: back)
                    + orphaned.text(
                        isCut: cutSessions, sparingOwn: !safety.force,
                        command: Self.cutting(back.number) + safety.confirmWords)
            }
        } catch let lockout as Lockout {
            throw CommandError(.refused, refusal(of: back, lockout))
        }
    }

    /// That no file is changed, and the one that the earlier change loaded.
    private func advice(about back: ChangeBack) -> String {
        guard let path = back.record.files.first?.path, path != "-" else { return "no policy file is changed" }
        let file = "\(path.printable), which change \(back.number) loaded"
        guard StateFiles.exists(path) else { return "\(file), does not exist" }
        return "\(file), stays as it is: "
            + "\"portreeve verify \(path.shellWord)\" reports how it differs"
    }

    /// Ends the sessions that a table refuses.
    func cut(_ policy: Policy?, _ table: Table?, on host: Host) -> SessionCut {
        SessionCut(
            policy, table, among: host.sessions, sparing: safety.force ? nil : host.admins, now: host.now)
    }

    /// The command that ends the sessions that the table of a change refuses, also once it is loaded.
    static func cutting(_ change: Int) -> String { "rollback \(change) --cut-sessions" }

    /// Whom a rollback would lock out, where it would lead, and the ways on.
    private func refusal(of back: ChangeBack, _ lockout: Lockout) -> String {
        """
        this would lock you out; nothing was changed: \(lockout.reasons)
          it goes \(headline(of: back)): \(back.record.summary.printable)
          "portreeve history --show \(back.number)" prints its policy, without --show it lists the other changes
          "portreeve rollback \(back.number) --force --confirm 2m" goes back anyway, for two minutes
        """
    }

    private func question(_ back: ChangeBack) -> Question {
        Question(
            deed: "go back to change \(back.number)",
            consequence: back.change.table == nil ? "it removes the table \(Names.table)" : nil)
    }

    private func headline(of back: ChangeBack) -> String {
        "back to change \(back.number) of \(UTCTime.text(back.record.time)) by \(back.record.author.text)"
    }

    /// The headline; a rollback that reverts another one says so, and how to go further back.
    private func announcement(of back: ChangeBack) -> String {
        guard let reverted = back.reverted else { return headline(of: back) }
        let further = reverted.earlier.map { "; \"portreeve rollback \($0)\" goes further back" } ?? ""
        return "\(headline(of: back))\nthis reverts the rollback of change \(reverted.number)\(further)"
    }

    /// By what the table changes, the listeners whose clients change, the services, who gains and who loses access, and a summary.
    private func text(
        _ headline: String, _ change: RulesetChange, _ policy: Policy?, in store: any RulesetStore, on host: Host,
        _ console: Console
    ) throws -> String {
        let access = try AccessReport(of: change, in: store, now: host.now)
        let listeners = ListenerChanges(of: access, sockets: host.readSockets)
            .lines(console, of: access, isWhole: verbose)
        let meaning = PolicyChange(change, of: policy)
        let names = SourceNames(policy)
        // A removal is told in one line.
        let services = change.table == nil ? [] : meaning.lines(named: names).map { $0.styled(console) }
        let lines = access.changeLines(
            console, named: names, atMost: verbose ? .max : AccessReport.shownLines, hint: "--verbose")
        let warning = change.table == nil && change.snapshot.table != nil ? [console.styled(Self.removal, .red)] : []
        let counts = change.table == nil ? [] : [meaning.counts(steps: change.transaction.operations.count)]
        let sections = [[headline] + warning, listeners, services, lines, counts]
        return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private static let removal =
        "! this removes the table \(Names.table): every port will be open, unless another table closes it"

    /// Prints what the command would change, and changes nothing.
    private func show(
        _ state: RulesetState, _ store: any RulesetStore, on host: Host, _ console: Console
    ) throws -> ExitStatus {
        if number == nil, let pending = try state.pending(), let undo = try state.undoOfWaiting(in: store) {
            let policy = state.lastApplied?.policy(ReadingOptions())
            try show(undo, policy, "undo of change \(pending.number)", isUndo: true, in: store, on: host, console)
            return .success
        }
        if let waiting = try state.waiting(in: store) {
            console.note("portreeve: warning: rollback will refuse this: \(waiting.text)")
        }
        let back = try ChangeBack(to: number, of: state, in: store)
        if back.change.transaction.isEmpty, !console.isJSON {
            if !console.isQuiet { console.print(try sameness(of: back, state.log)) }
        } else {
            try show(back.change, back.policy(ReadingOptions()), announcement(of: back), in: store, on: host, console)
        }
        return .success
    }

    private func show(
        _ change: RulesetChange, _ policy: Policy?, _ headline: String, isUndo: Bool = false,
        in store: any RulesetStore, on host: Host, _ console: Console
    ) throws {
        let orphaned = OrphanedSessions(by: change, of: policy, among: host.sessions, now: host.now)
        let command = (number.map(Self.cutting) ?? "rollback --cut-sessions") + safety.confirmWords
        if console.isJSON {
            let access = try AccessReport(of: change, in: store, now: host.now)
            console.print([
                "format_version": 1, "changed": false, "access": access.json, "sessions": orphaned.json,
            ])
        } else {
            console.print(
                try text(headline, change, policy, in: store, on: host, console) + orphaned.text(command: command))
        }
        // The undo of a pending change asks no guard: it must work in an emergency.
        let guarded = isUndo ? "this" : "rollback will refuse this: it"
        if let lockout = try change.lockout(in: store, on: host) {
            console.note("portreeve: warning: \(guarded) would lock you out: \(lockout.reasons)")
        }
    }

    /// What to say where the table of the change is loaded already, and how to go further back.
    private func sameness(of back: ChangeBack, _ log: ChangeLog) throws -> String {
        let start = "the table of change \(back.number) is loaded already: nothing to do"
        guard number == nil else { return "\(start); \"portreeve history\" lists the other changes" }
        guard let earlier = try back.earlierDifference(in: log) else {
            return "\(start), and no earlier change has another table"
        }
        let back = "\(start); \"portreeve rollback \(earlier)\" goes further back"
        let isRemoval = try log.record(log.entry(earlier)).table == nil
        return isRemoval ? "\(back), to a removal: every port would be open" : back
    }
}
