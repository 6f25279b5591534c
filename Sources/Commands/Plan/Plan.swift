public import ArgumentParser
internal import Changes
internal import Kernel

/// `portreeve plan`: what `apply` would change.
public struct Plan: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what apply would change, and change nothing.")

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions
    /// How it writes.
    @OptionGroup public var output: OutputOptions

    @Flag(help: "Exit 2 when there is a difference.")
    var detailedExitcode = false

    @Flag(help: "Show every object that changes, too.")
    var verbose = false

    @Option(help: ArgumentHelp("Keep the plan in this file, for apply to do exactly that.", valueName: "file"))
    var out: String?

    /// A command to be filled by the parser.
    public init() {}

    /// Compares the policy with the live table, and reports.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let policy = try policy.load(on: host, console)
        let store = try kernel.openStore(on: host)
        let plan = try PlannedChange(policy, onto: store, carrying: kernel.grants(on: host))
        let orphaned = OrphanedSessions(by: plan, among: host.sessions, now: host.now)
        let consequences = Consequences(of: plan, now: host.now, sockets: host.readSockets)
        if let out {
            console.requireOutput()
            let text = plan.text(consequences, console.plain, verbose: false) + orphaned.text
            try ReviewedPlan(plan, text: text, now: host.now, on: host.changes).write(to: out)
        }
        if console.isJSON {
            console.print(plan.json(consequences, orphaned))
        } else if !(plan.isEmpty && console.isQuiet) {
            console.print(plan.text(consequences, console, verbose: verbose) + orphaned.text)
        }
        return !plan.isEmpty && detailedExitcode ? .difference : .success
    }
}
