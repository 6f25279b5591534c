public import ArgumentParser
internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets

/// `portreeve apply`: makes the live table what the policy says, in one transaction.
public struct Apply: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make the live ruleset what the policy, or a reviewed plan of it, says, in one transaction.")

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions
    @OptionGroup var safety: SafetyOptions

    @Flag(help: "Load the last confirmed change as it is kept, without reading a policy: for the boot.")
    var boot = false

    @Option(
        help: ArgumentHelp(
            "What to open when --boot cannot load it: ssh (tcp/22, to everybody) or closed.", valueName: "what"))
    var floor: Floor = .ssh

    /// How it writes.
    @OptionGroup public var output: OutputOptions

    @Flag(help: "End the sessions that the policy refuses, except your own.")
    var cutSessions = false

    /// A command to be filled by the parser.
    public init() {}

    /// Refuses what does not go together.
    public func validate() throws {
        guard boot, safety.confirm != nil || cutSessions else { return }
        throw ValidationError("--boot loads what was confirmed: it does not go with --confirm and --cut-sessions")
    }

    /// Plans, asks, commits, and reads back.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        if boot { return try BootLoading(host, kernel, console).load(else: floor) }
        if let plan = try ReviewedPlan(policy, on: host) {
            if cutSessions { throw CommandError(.usage, "--cut-sessions needs the policy, not a plan of it") }
            return try plan.apply(on: host, kernel, ChangeMaker(host, kernel, safety, console))
        }
        let policy = try policy.load(on: host, console)
        let store = try host.openStore(kernel.netns)
        store.cacheSets(in: kernel.stateDirectory(on: host))
        let plan = try PlannedChange(policy, onto: store, carrying: GrantBook(existing: kernel, on: host))
        var change = RulesetChange(
            snapshot: plan.snapshot, table: plan.table, kind: .apply, summary: plan.record,
            policy: policy)
        change.planned = (plan.compiled.table, plan.transaction)
        var maker = ChangeMaker(host, kernel, safety, console)
        if cutSessions { maker.cut = { SessionCut(policy, plan.compiled, on: host, force: safety.force) } }
        if plan.isEmpty { return try maker.keep(change, in: store) }
        return try maker.make(change, in: store, question: "apply this to table \(Names.table)?") {
            plan.text(Consequences(of: plan, on: host), console, verbose: false)
                + OrphanedSessions(policy, plan, on: host).text
        }
    }
}
