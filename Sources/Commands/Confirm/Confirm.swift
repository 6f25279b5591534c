public import ArgumentParser
internal import Changes
internal import Kernel
internal import Policies
internal import Printing

/// `portreeve confirm`: keeps a change that would otherwise be undone.
public struct Confirm: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "confirm", _superCommandName: Portreeve.name,
        abstract: "Keep the change of \"apply --confirm\"; best run from a new login.",
        usage: "portreeve confirm [options]")

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Always.
    public var makesChange: Bool { true }

    /// Confirms the pending change, if it is still live.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let store = try kernel.openStore(on: host)
        let state = try kernel.earlierState(in: store, on: host, lacking: "pending change")
        switch try state.confirm(in: store) {
        case .nothingWaits(let found, let last):
            throw CommandError(.failure, found.last?.text ?? Self.absence(last, state, on: host).printable)
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

    /// Why there is nothing to confirm, by the last change that could have waited.
    private static func absence(_ last: ChangeLog.Entry?, _ state: RulesetState, on host: Host) -> String {
        let start = "there is no pending change"
        guard let last else { return start }
        let fate =
            switch last.outcome {
            case .confirmed: "is confirmed already"
            case .timedOut: "was not confirmed in time, and the timer undid it\(again(last, state, on: host))"
            case .rolledBack: "was undone by \"portreeve rollback\""
            case .lost: "was lost in a reboot before it was confirmed\(again(last, state, on: host))"
            default: "was undone"
            }
        return "\(start): change \(last.number) \(fate)"
    }

    /// The command that makes the last change again, after a colon; empty if the change cannot be read, or its file was edited.
    private static func again(_ entry: ChangeLog.Entry, _ state: RulesetState, on host: Host) -> String {
        guard let record = try? state.log.record(entry) else { return "" }
        let words: String? =
            switch record.kind {
            case .remove: "remove --confirm 2m"
            case .rollback: record.origin.map { "rollback \($0) --confirm 2m" }
            default: record.files.first.flatMap { Self.applying($0.path, state, on: host) }
            }
        return words.map { ": \"portreeve \($0)\" makes it again" } ?? ""
    }

    /// The words that apply a policy, if its file still has that of the last change.
    private static func applying(_ path: String, _ state: RulesetState, on host: Host) -> String? {
        guard path != "-", let policy = PolicyOptions.of(path).read(on: host).policy,
            (try? state.undone(holding: policy)) ?? nil != nil
        else { return nil }
        return "apply --confirm 2m" + (path == PolicyOptions.standardPath ? "" : " \(path.shellWord)")
    }
}
