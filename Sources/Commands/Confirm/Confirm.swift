public import ArgumentParser
internal import Changes
internal import Kernel

/// `portreeve confirm`: keeps a change that would undo itself.
public struct Confirm: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "Keep the change that \"apply --confirm\" made; best from a session that was opened after it.")

    @OptionGroup var kernel: KernelOptions
    /// How it writes.
    @OptionGroup public var output: OutputOptions

    /// A command to be filled by the parser.
    public init() {}

    /// Keeps the change, if it is still live.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let store = try kernel.openStore(on: host)
        switch try kernel.state(on: host).confirm(in: store) {
        case .nothingWaits(let found):
            throw CommandError(.failure, found.last?.text ?? "nothing waits to be confirmed")
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
