public import ArgumentParser
internal import Changes
internal import Kernel
internal import System

/// `portreeve undo`: what `apply --confirm` starts, not for people.
public struct Undo: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Wait for what is pending to be confirmed, or undo it.", shouldDisplay: false)

    @OptionGroup var kernel: KernelOptions
    /// How it writes.
    @OptionGroup public var output: OutputOptions

    /// A command to be filled by the parser.
    public init() {}

    /// Waits.
    public func execute(on host: Host) throws -> ExitStatus {
        try UndoProcess(kernel.state(on: host)) { () throws(KernelError) in try host.openStore(nil) }.run()
        return .success
    }
}
