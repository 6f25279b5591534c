public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel

/// `portreeve remove`: deletes the table from the kernel.
public struct Remove: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Delete the table from the kernel: portreeve then closes no port.")

    @OptionGroup var kernel: KernelOptions
    @OptionGroup var safety: SafetyOptions
    /// The output options.
    @OptionGroup public var output: OutputOptions

    /// Creates a command for the parser.
    public init() {}

    /// Asks, deletes the table, and reads back.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let store = try kernel.openStore(on: host)
        try kernel.settleOverdue(in: store, on: host, console)
        let last = try kernel.state(on: host).lastTable()
        let snapshot = try store.snapshot(of: Names.table, expecting: last.map { [$0] } ?? [])
        let change = RulesetChange(
            snapshot: snapshot, table: nil, kind: .remove, summary: "table \(Names.table) removed")
        let maker = ChangeMaker(host, kernel, safety, console)
        if snapshot.table == nil {
            return try maker.keep(change, in: store, done: "table \(Names.table) is not loaded: nothing to do")
        }
        let access = try AccessReport(of: change, in: store, now: host.now)
        let question = "remove table \(Names.table)? every port will be open, unless another table closes it"
        return try maker.make(change, in: store, question: question, done: "removed table \(Names.table)") { isAnew in
            let access = isAnew ? try AccessReport(of: change, in: store, now: host.now) : access
            return access.isEmpty ? nil : access.groupedLines(console).joined(separator: "\n")
        }
    }
}
