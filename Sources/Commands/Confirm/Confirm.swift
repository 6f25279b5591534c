public import ArgumentParser
internal import Changes
internal import Kernel

/// `portreeve confirm`: keeps a change that would otherwise be undone.
public struct Confirm: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "Keep the change of \"apply --confirm\"; best run from a new login.")

    @OptionGroup var kernel: KernelOptions
    /// The output options.
    @OptionGroup public var output: OutputOptions

    /// Creates a command for the parser.
    public init() {}

    /// Confirms the pending change, if it is still live.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let store = try kernel.openStore(on: host)
        switch try kernel.state(on: host).confirm(in: store) {
        case .nothingWaits(let found):
            throw CommandError(.failure, found.last?.text ?? "there is no pending change")
        case .confirmed(let made):
            if console.isJSON {
                console.print([
                    "format_version": 1, "change": .number(made.number), "generation": .number(Int(made.generation)),
                ])
            } else if !console.isQuiet {
                console.print("change \(made.number) is confirmed")
            }
            return .success
        }
    }
}
