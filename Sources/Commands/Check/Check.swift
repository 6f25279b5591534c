public import ArgumentParser
internal import Compiler
internal import Kernel
internal import Policies
internal import Printing
internal import Rulesets

/// `portreeve check`: validates a policy.
public struct Check: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "check", _superCommandName: Portreeve.name,
        abstract: "Validate and lint the policy; --kernel also has the kernel validate the ruleset.",
        usage: "portreeve check [<policy>] [options]")

    @Flag(name: .customLong("kernel"), help: "Have the kernel validate the ruleset without committing it.")
    var asksKernel = false

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("Check the file as if it were already at this path.", valueName: "path"), completion: .file()
    )
    var destination: String?

    @Flag(help: "Fail on warnings.")
    var strict = false

    @Flag(help: "Show each of many warnings that are alike.")
    var verbose = false

    /// The supported formats.
    public static var formats: [OutputFormat] { CheckFormats.formats }

    @OptionGroup var formatted: FormattedOutput<CheckFormats>
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// The output options.
    public var output: OutputOptions { formatted.options }

    /// Rejects a path that cannot be a file.
    public func validate() throws {
        guard let destination, destination.isEmpty || destination == "-" || destination.hasSuffix("/") else { return }
        throw ValidationError("--as takes the path of a file, not \"\(destination)\"")
    }

    /// Reads, lints, and reports.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let reading = policy.read(
            on: host, as: destination, isLinted: true, names: kernel.lastLists(on: host), requiresUsers: asksKernel)
        let path = destination?.printable ?? policy.title
        let warnings = reading.diagnostics.count { $0.severity == .warning }
        let isValid = reading.policy != nil && !(strict && warnings > 0)
        switch output.format {
        case .json: console.print(reading.json(isValid: isValid))
        case .sarif: console.print(reading.sarif.json)
        case .junit:
            let report = reading.junit(
                (destination ?? policy.policy).printable, isStrict: strict, on: host.ownName, now: host.now)
            console.print(report.lines.joined(separator: "\n"))
        case .text, .nagios, .prometheus, .html, .csv:
            if reading.fault != .absent, policy.mistake == nil {
                console.quote(reading.diagnostics, isWhole: verbose)
            }
        }
        if reading.fault == .absent { throw CommandError(.failure, policy.absence(on: host)) }
        if let mistake = policy.mistake { throw mistake }
        guard let valid = reading.policy, isValid else {
            if reading.fault != nil { throw CommandError(.failure, "\(path): the policy cannot be read") }
            let strictness = reading.policy == nil ? "" : Self.strictness
            if isText { console.note("portreeve: \(path): \(reading.verdict)\(strictness)\(hint(reading))") }
            return .invalidPolicy
        }
        if asksKernel { try validate(valid, on: host) }
        if isText && !console.isQuiet {
            let acceptance = asksKernel ? "; accepted by the kernel" : ""
            console.print("\(path): \(reading.verdict)\(acceptance)\(hint(reading))")
        }
        return .success
    }

    private func hint(_ reading: PolicyReading) -> String { verbose ? "" : Console.hint(about: reading.diagnostics) }

    private static let strictness = "; refused: --strict treats warnings as errors"

    private var isText: Bool { output.format == .text }

    private func validate(_ policy: Policy, on host: Host) throws {
        let store = try host.openStore(kernel.netns)
        let snapshot = try store.snapshot(of: Names.table)
        // A transaction from an empty ruleset, so that the kernel checks every object, not only changed ones.
        let all = Transaction(from: nil, to: compile(policy).table, named: Names.table)
        let deletion = snapshot.table == nil ? [] : [Transaction.Operation.deleteTable]
        try store.validate(Transaction(table: Names.table, operations: deletion + all.operations), onto: snapshot)
    }
}

extension PolicyReading {
    /// A summary of the diagnostics.
    fileprivate var verdict: String {
        let errors = diagnostics.count { $0.severity == .error }
        let warnings = diagnostics.count { $0.severity == .warning }
        let counts = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }.map { counted($0.0, $0.1) }
        guard let policy else { return "invalid, \(counts.joined(separator: ", "))" }
        let forwards = policy.services.count { $0.forwarding != nil }
        let sections = [(forwards, "forward"), (policy.outbound.count, "outbound line")].filter { $0.0 > 0 }
        return
            (["valid", counted(policy.services.count - forwards, "service")]
            + sections.map { counted($0.0, $0.1) } + counts).joined(separator: ", ")
    }

    fileprivate func json(isValid: Bool) -> JSON {
        [
            "format_version": 1, "valid": .bool(isValid), "diagnostics": .array(diagnostics.map(\.json)),
        ]
    }
}

extension Diagnostic {
    fileprivate var json: JSON {
        [
            "severity": .string(severity.rawValue), "message": .string(message),
            "file": JSON(location?.file), "line": location.map { .number($0.line) } ?? .null,
            "column": location.map { .number($0.column) } ?? .null,
        ]
    }
}

/// A number and its noun.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
