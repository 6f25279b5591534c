public import ArgumentParser
internal import Addressing
internal import Changes
internal import Compiler
internal import Policies
internal import Reachability
internal import Rulesets
internal import System

/// `portreeve diff`: the sources that gain and lose access between two policies.
public struct Diff: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "diff", _superCommandName: Portreeve.name,
        abstract: "Show which sources gain and lose access between two policies; needs no privileges.",
        usage: "portreeve diff <old> <new> [options]")

    @Argument(
        help: ArgumentHelp("The old policy, or the number of a change in the history.", valueName: "old"),
        completion: .file())
    var old: String

    @Argument(
        help: ArgumentHelp("The new policy, or the number of a change.", valueName: "new"),
        completion: .file())
    var new: String

    @Flag(help: "As root, accept a policy or list that another user can write.")
    var allowInsecurePermissions = false

    @Flag(help: "Exit with status 2 if there is a difference.")
    var detailedExitcode = false

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Compares the access that both policies allow, and reports.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let (before, after) = (try load(old, on: host, console), try load(new, on: host, console))
        let (old, new) = (DecompiledPolicy(before), DecompiledPolicy(after))
        let access = AccessReport(
            from: [before], old, to: [after], new, in: Circumstances(now: host.now))
        let conditions = ConditionLine.all(from: old, to: new)
        let isEqual = access.isEmpty && conditions.isEmpty
        if console.isJSON {
            console.print([
                "format_version": 1, "equal": .bool(isEqual), "access": access.json,
                "conditions": .array(conditions.map(\.json)),
            ])
        } else if !(isEqual && console.isQuiet) {
            let lines = access.lines(console) + conditions.map { console.styled("~ \($0.text)", .yellow) }
            console.print(isEqual ? "equal: both allow the same connections" : lines.joined(separator: "\n"))
        }
        return !isEqual && detailedExitcode ? .difference : .success
    }

    /// Compiles a policy, or reads the table of a change.
    private func load(_ path: String, on host: Host, _ console: Console) throws -> Table {
        if let number = Int(path), number > 0, try host.files.read(path) == nil { return try table(number, on: host) }
        let options = PolicyOptions.of(path, allowsInsecurePermissions: allowInsecurePermissions)
        let reading = options.read(on: host)
        if reading.fault == .absent {
            throw CommandError(.failure, MissingPolicy(path: path, isOfThisHost: false).text)
        }
        guard let policy = reading.policy else { throw options.failure(reading, on: host, console) }
        return compile(policy).table
    }

    private func table(_ number: Int, on host: Host) throws -> Table {
        if let netns = kernel.netns { try host.enter(netns) }
        let log = try kernel.earlierState(on: host, lacking: "change \(number)").log
        let record = try log.record(log.entry(number))
        guard let table = record.table else {
            let deed = record.kind.keepsTable ? "kept the table of the policy" : "removed the table"
            throw CommandError(.failure, "change \(number) \(deed), so it has no table to compare")
        }
        return table
    }
}

/// A changed condition of a port or of a line of `outbound`: its rate limit, its expiry, or where it leads.
private struct ConditionLine {
    /// The port; `nil` for a line of `outbound`, whose ports may be other lines', too.
    let port: DecompiledService.Port?
    /// The name of the service or line.
    let name: String
    let condition: String
    let before: String?
    let after: String?

    /// Every changed condition of ports and of lines that both states declare.
    static func all(from old: DecompiledPolicy, to new: DecompiledPolicy) -> [ConditionLine] {
        let ports = ServiceChange.ofSharedPorts(from: old, to: new).flatMap { port, change in conditions(change, port) }
        let outbound = ServiceChange.ofSharedLines(from: old, to: new).flatMap { conditions($0, nil) }
        return (ports + outbound).filter { $0.before != $0.after }.sorted { $0.order < $1.order }
    }

    private static func conditions(_ change: ServiceChange, _ port: DecompiledService.Port?) -> [ConditionLine] {
        let texts: [(String, (DecompiledService) -> String?)] = [
            ("limit", \.limitText), ("connections", \.connectionsText), ("until", \.expiryText),
            ("to", { $0.forwarding?.text }),
        ]
        return texts.map { name, text in
            Self(
                port: port, name: change.name, condition: name, before: change.before.flatMap(text),
                after: change.after.flatMap(text))
        }
    }

    private var order: String { "\(port == nil ? 1 : 0) \(place) \(condition)" }

    private var place: String { port.map { "\($0.text) (\(name))" } ?? "outbound \(name)" }

    var text: String { "\(place)  \(condition) \(before ?? nothing) -> \(after ?? nothing)" }

    private var nothing: String { condition == "to" ? "this host" : "none" }

    var json: JSON {
        [
            "direction": .string(port == nil ? "out" : "in"), "service": .string(name),
            "protocol": JSON(port?.transport.name), "port": port?.json ?? .null, "condition": .string(condition),
            "before": JSON(before), "after": JSON(after),
        ]
    }
}
