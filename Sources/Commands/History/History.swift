public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel
internal import Printing

/// `portreeve history`: the log of changes.
public struct History: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "history", _superCommandName: Portreeve.name,
        abstract: "List the changes of the ruleset: when, by whom, and what happened.",
        usage: "portreeve history [options]")

    @Option(
        help: ArgumentHelp(
            "Show one change: its policy and lists; with --format json also its ruleset.", valueName: "number"),
        transform: ChangeNumber.argument)
    var show: Int?

    @Flag(help: "On a terminal, list every change; the newest 20 otherwise.")
    var all = false

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var kernel: KernelOptions

    /// The changes on a terminal, which a person reads.
    private static let shown = 20

    /// Creates a command for the parser.
    public init() {}

    /// Lists the changes, newest first.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        if let netns = kernel.netns { try host.enter(netns) }
        guard let state = try kernel.existingState(on: host) else {
            if let show { throw ChangeLog.absence(show) }
            // A path of the command line may be mistyped.
            return report(
                [], on: host, console, kernel.stateDir.map { "the state directory \($0.printable) does not exist" })
        }
        let changes = try state.history(now: host.now)
        guard let show else { return report(changes, on: host, console) }
        guard let change = changes.first(where: { $0.entry.number == show }) else {
            throw try state.log.gone(show)
        }
        console.print(console.isJSON ? change.json(isWhole: true).text : change.text)
        return .success
    }

    private func report(
        _ changes: [LoggedChange], on host: Host, _ console: Console, _ absence: String? = nil
    ) -> ExitStatus {
        if console.isJSON {
            let list = changes.map { $0.json(isWhole: false) }
            console.print(["format_version": 1, "changes": .array(list)])
        } else if changes.isEmpty {
            let facts = [absence, stranger(on: host)].compactMap(\.self).joined(separator: "; ")
            if !console.isQuiet { console.print("there are no changes yet\(facts.isEmpty ? "" : ": \(facts)")") }
        } else {
            let isCut = console.columns != nil && !all && changes.count > Self.shown + 1
            let shown = isCut ? changes.prefix(Self.shown) : changes[...]
            let rows = TextTable(
                [LoggedChange.headings] + shown.flatMap(\.rows), breakable: [2, 3, 4], leading: 4,
                width: console.columns
            ).rows
            rows[0].forEach { console.print(console.styled($0, .bold)) }
            rows.dropFirst().joined().forEach(console.print)
            if isCut { console.print("\(changes.count - shown.count) older changes are left out: --all lists them") }
        }
        return .success
    }

    /// The sentence about a loaded table without a record; `nil` where it has one, and where the ruleset may not be read.
    private func stranger(on host: Host) -> String? {
        guard let live = try? host.openStore(nil).snapshot(of: Names.table, expecting: []).table,
            kernel.unrecorded(live, on: host) != nil
        else { return nil }
        return "table \(Names.table) is loaded and is not in this history; check --state-dir and --netns"
    }
}
