public import ArgumentParser
internal import Compiler
internal import Rulesets

/// `portreeve remove`: takes the table out of the kernel.
public struct Remove: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        abstract: "Take the table out of the kernel: then portreeve closes nothing any more.")

    @OptionGroup var kernel: KernelOptions
    /// How it writes.
    @OptionGroup public var output: OutputOptions

    @Flag(help: "Remove without asking.")
    var yes = false

    /// A command to be filled by the parser.
    public init() {}

    /// Asks, deletes the table, and reads back.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        var store = try host.openStore(kernel.netns)
        let snapshot = try store.snapshot(of: Names.table)
        guard snapshot.table != nil else {
            report("table \(Names.table) is not loaded: nothing to do", changed: false, snapshot.generation, console)
            return .success
        }
        if !yes {
            try Confirmation(host).require(
                "remove table \(Names.table)? every port that no other table closes will be open")
        }
        let deletion = Transaction(from: snapshot.table, to: nil, named: Names.table)
        let generation = try TableWriter(store).replace(snapshot, by: nil, deletion)
        report("removed table \(Names.table)", changed: true, generation, console)
        return .success
    }

    private func report(_ text: String, changed: Bool, _ generation: UInt32, _ console: Console) {
        if console.isJSON {
            console.print(["format_version": 1, "changed": .bool(changed), "generation": .number(Int(generation))])
        } else if !console.isQuiet {
            console.print(text)
        }
    }
}
