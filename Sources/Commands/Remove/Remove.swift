public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies

/// `portreeve remove`: deletes the table from the kernel.
public struct Remove: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "remove", _superCommandName: Portreeve.name,
        abstract: "Delete the table from the kernel: portreeve then closes no port.",
        usage: "portreeve remove [options]")

    @OptionGroup var safety: SafetyOptions

    @Flag(
        name: [.customShort("n"), .customLong("dry-run")],
        help: "Show what the removal opens, and change nothing.")
    var isDryRun = false

    @Flag(help: "Also show every listener and every source.")
    var verbose = false

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Unless it only shows.
    public var makesChange: Bool { !isDryRun }

    /// Asks, deletes the table, and reads back.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let store = try kernel.openStore(on: host)
        try kernel.settleOverdue(in: store, on: host, console)
        let state = try kernel.existingState(on: host)
        let last = try state?.lastTable()
        let snapshot = try store.snapshot(of: Names.table, expecting: last.map { [$0] } ?? [])
        var change = RulesetChange(
            snapshot: snapshot, table: nil, kind: .remove, summary: "table \(Names.table) removed")
        change.grants = kernel.grants(on: host)
        var maker = ChangeMaker(host, kernel, safety, console)
        let notLoaded = "table \(Names.table) is not loaded: nothing to do"
        if isDryRun { return try show(change, in: store, notLoaded, on: host, console) }
        // A history that begins with a removal would be one to go back to.
        if snapshot.table == nil, try state?.log.entries().isEmpty ?? true {
            return try show(change, in: store, notLoaded, on: host, console)
        }
        if snapshot.table == nil {
            return try maker.keep(change, in: store, done: notLoaded) { number in
                "table \(Names.table) was not loaded; change \(number) records the removal, so a boot loads nothing: "
                    + "\"portreeve rollback\" loads it again"
            }
        }
        let removal = try self.removal(change, in: store, on: host)
        maker.removal = removal
        let question = Question(
            deed: "remove table \(Names.table)", consequence: "every port will be open, unless another table closes it")
        return try maker.make(change, in: store, question: question, done: "removed table \(Names.table)") { isAnew in
            let removal = isAnew ? try self.removal(change, in: store, on: host) : removal
            return removal.text(console, named: names(in: store, on: host), isWhole: verbose)
        }
    }

    private func removal(_ change: RulesetChange, in store: any RulesetStore, on host: Host) throws -> Removal {
        host.progress("computing who can connect…")
        return try Removal(of: change, in: store, now: host.now, sockets: host.readSockets)
    }

    /// The words of the applied policy, if it can still be read.
    private func names(in store: any RulesetStore, on host: Host) -> SourceNames {
        let record = try? kernel.existingState(on: host)?.applied(in: store)
        return SourceNames(record?.policy(ReadingOptions()))
    }

    /// Prints what the removal opens.
    private func show(
        _ change: RulesetChange, in store: any RulesetStore, _ notLoaded: String, on host: Host, _ console: Console
    ) throws -> ExitStatus {
        let removal = try change.snapshot.table.map { _ in try self.removal(change, in: store, on: host) }
        if console.isJSON {
            let head: [(String, JSON)] = [("format_version", 1), ("changed", .bool(false))]
            console.print(.object(head + (removal?.members ?? [])))
        } else if !console.isQuiet || removal != nil {
            console.print(removal?.text(console, named: names(in: store, on: host), isWhole: verbose) ?? notLoaded)
        }
        return .success
    }
}
