public import ArgumentParser
internal import Addressing
internal import Changes
internal import Compiler
internal import Policies
internal import Rulesets
internal import System

/// `portreeve diff`: who gains and who loses access between two policies.
public struct Diff: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show who gains and who loses access between two policies; needs no privileges.")

    @Argument(help: ArgumentHelp("The policy before, or the number of a change in the history.", valueName: "old"))
    var old: String

    @Argument(help: ArgumentHelp("The policy after, or the number of a change.", valueName: "new"))
    var new: String

    @Flag(help: "As root, accept a policy or list that somebody else could write.")
    var allowInsecurePermissions = false

    @Flag(help: "Exit 2 when there is a difference.")
    var detailedExitcode = false

    @OptionGroup var kernel: KernelOptions
    /// How it writes.
    @OptionGroup public var output: OutputOptions

    /// A command to be filled by the parser.
    public init() {}

    /// Compares what both policies compile to, and reports.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let (before, after) = (try load(old, on: host, console), try load(new, on: host, console))
        let (old, new) = (DecompiledPolicy(before), DecompiledPolicy(after))
        let access = AccessReport(from: before, old, to: after, new, now: host.now)
        let conditions = ConditionLine.all(from: old, to: new)
        let isEqual = access.isEmpty && conditions.isEmpty
        if console.isJSON {
            console.print([
                "format_version": 1, "equal": .bool(isEqual), "access": access.json,
                "conditions": .array(conditions.map(\.json)),
            ])
        } else if !(isEqual && console.isQuiet) {
            let lines = access.lines(console) + conditions.map { console.styled("~ \($0.text)", .yellow) }
            console.print(isEqual ? "equal: the same connections get in" : lines.joined(separator: "\n"))
        }
        return !isEqual && detailedExitcode ? .difference : .success
    }

    /// What a policy compiles to, or what a change made.
    private func load(_ path: String, on host: Host, _ console: Console) throws -> Table {
        if let number = Int(path), number > 0, try host.files.read(path) == nil { return try table(number, on: host) }
        var options = PolicyOptions()
        options.policy = path
        options.allowInsecurePermissions = allowInsecurePermissions
        return compile(try options.load(on: host, console)).table
    }

    private func table(_ number: Int, on host: Host) throws -> Table {
        if let netns = kernel.netns { try host.enter(netns) }
        let log = try kernel.state(on: host).log
        let record = try log.record(log.entry(number))
        guard let table = record.table else {
            let deed = record.kind.keepsTable ? "made no table" : "removed the table"
            throw CommandError(.failure, "change \(number) \(deed): there is nothing to compare")
        }
        return table
    }
}

/// How often or how long a port is open, where that changes.
private struct ConditionLine {
    let port: DecompiledService.Port
    let condition: String
    let before: String?
    let after: String?

    /// Every change of a limit or an expiry of ports that both states declare.
    static func all(from old: DecompiledPolicy, to new: DecompiledPolicy) -> [ConditionLine] {
        ServiceChange.ofSharedPorts(from: old, to: new).flatMap { port, change -> [ConditionLine] in
            let (before, after) = (change.before, change.after)
            return [
                Self(port: port, condition: "limit", before: before?.limitText, after: after?.limitText),
                Self(
                    port: port, condition: "until", before: before?.expires.map(UTCTime.text),
                    after: after?.expires.map(UTCTime.text)),
            ]
        }.filter { $0.before != $0.after }.sorted { $0.order < $1.order }
    }

    private var order: String { "\(port.text) \(condition)" }

    var text: String { "\(port.text)  \(condition) \(before ?? "none") -> \(after ?? "none")" }

    var json: JSON {
        [
            "protocol": .string(port.transport.name), "port": port.range.json, "condition": .string(condition),
            "before": JSON(before), "after": JSON(after),
        ]
    }
}
