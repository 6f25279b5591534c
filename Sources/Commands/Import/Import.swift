public import ArgumentParser
internal import Auditing
internal import Changes
internal import Compiler
internal import Importing
internal import Listeners
internal import Policies
internal import Printing
internal import System

/// `portreeve import`: writes a policy that lets in what the live rulesets let in.
public struct Import: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "import", _superCommandName: Portreeve.name,
        abstract: "Write a policy that lets in what the live rulesets let in, and compare the two; changes no ruleset.",
        usage: "portreeve import [<policy>] [options]",
        discussion: """
            All tables together are evaluated: those of ufw, firewalld, iptables and nft. The policy is compiled and compared with them: \
            the result is "equal", or every difference with the rule that causes it. Exit status 2 if they are not equal.
            """)

    @Argument(
        help: ArgumentHelp(
            "The policy file to write, which must not exist; - for standard output.", valueName: "policy"),
        completion: .file())
    var policy = "-"

    @OptionGroup var kernel: KernelOptions
    /// The output options.
    @OptionGroup public var output: OutputOptions

    /// Creates a command for the parser.
    public init() {}

    /// Reads the rulesets, writes the policy, and reports the proof.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let ruleset = try WholeRuleset(kernel.openStore(on: host))
        let circumstances = ruleset.circumstances(now: host.now)
        host.progress("computing who can connect…")
        guard !RulesetImport.isOpen(ruleset.tables, own: Names.table, in: circumstances) else {
            throw CommandError(
                .failure,
                "nothing to import: the live rulesets refuse nothing that arrives; "
                    + "\"portreeve init\" writes a first policy from what listens\(outputNote)"
            )
        }
        let listeners = (try? host.readSockets())?.listeners ?? []
        let options = PolicyOptions.of(policy, allowsInsecurePermissions: true)
        let result = RulesetImport(
            of: ruleset.tables, own: Names.table, in: circumstances, listeners: listeners, files: TrustedFiles(),
            hostFiles: kernel.netns == nil ? TrustedFiles() : nil,
            options: options.readingOptions(on: host), userName: UserNames.name)
        guard result.takeover.firewalls != [.portreeve] else { throw CommandError(.failure, alone) }
        guard let proof = result.proof else { throw unreadable(result, console) }
        if let fault = ruleset.network?.fault {
            throw CommandError(.failure, "\(fault), on which depends who can connect; nothing was written: try again")
        }
        try write(result.text, on: host, console)
        let report = ImportReport(result, proof, path: policy, kernel)
        if console.isJSON {
            console.print(report.json)
        } else if policy == "-" {
            console.copy(result.text)
            if !console.isQuiet { report.lines(console).forEach { console.note($0, .notice) } }
        } else if !console.isQuiet || proof.verdict != .equal {
            console.print(report.lines(console).joined(separator: "\n"))
        }
        return proof.verdict == .equal ? .success : .difference
    }

    /// What to do where no other program has rules.
    private var alone: String {
        "nothing to import: portreeve's own table is the only one that decides who gets in; "
            + "\"portreeve status\" shows what it lets in, "
            + "\"portreeve history --show NUMBER\" the policy of a change, "
            + "\"portreeve rollback\" goes back to an earlier one\(outputNote)"
    }

    /// What the operand is for, where it is a file, as one with rules would be; empty where it is none.
    private var outputNote: String {
        guard policy != "-", StateFiles.exists(policy) else { return "" }
        return "; import reads the rules that are loaded, and \(policy.printable) is where it would write"
    }

    /// Creates the file, unless the policy goes to standard output.
    private func write(_ text: String, on host: Host, _ console: Console) throws {
        guard policy != "-" else { return }
        console.requireOutput()
        if let directory = try host.files.createDirectory(policy) {
            console.note("made the directory \(directory.printable)")
        }
        guard try host.files.create(policy, text) else {
            throw CommandError(
                .failure,
                "\(policy) exists; nothing was written: name another file, or - for stdout\(outputNote)")
        }
    }

    private func unreadable(_ result: RulesetImport, _ console: Console) -> CommandError {
        for error in result.diagnostics { console.quote(error, .error) }
        return CommandError(.failure, "the rulesets cannot be written as a policy; please report this")
    }
}
