public import ArgumentParser
internal import Changes
internal import Kernel
internal import System

/// `portreeve undo`: the process that `apply --confirm` starts; not for users.
public struct Undo: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "undo", _superCommandName: Portreeve.name,
        abstract: "Wait until the pending change is confirmed, or undo it.",
        usage: "portreeve undo [options]", shouldDisplay: false)

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Always.
    public var makesChange: Bool { true }

    /// Waits, and undoes the change if it is not confirmed.
    ///
    /// - Throws: `usage` on a terminal, which the process that `apply` starts has not.
    public func execute(on host: Host) throws -> ExitStatus {
        guard Console(host, output).columns == nil else {
            throw CommandError(
                .usage,
                "\"portreeve undo\" is what \"apply --confirm\" starts: \"portreeve rollback\" undoes a change now")
        }
        try UndoProcess(kernel.state(on: host)) { () throws(KernelError) in try host.openStore(nil) }.run()
        return .success
    }
}
