public import ArgumentParser
internal import Changes
internal import Kernel
internal import Policies
internal import Printing

/// `portreeve plan`: the changes that `apply` would make.
public struct Plan: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "plan", _superCommandName: Portreeve.name,
        abstract: "Show the changes that apply would make, without making them.",
        usage: "portreeve plan [<policy>] [options]")

    @OptionGroup var lists: ListOptions

    @Flag(help: "Exit with status 2 if there is a difference.")
    var detailedExitcode = false

    @Flag(help: "Also show every changed object and every source.")
    var verbose = false

    @Option(
        help: ArgumentHelp("Save the plan in this file; apply accepts it in place of a policy.", valueName: "file"),
        completion: .file())
    var out: String?

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Only with --out.
    public var makesChange: Bool { out != nil }

    /// Compares the policy with the live table, and reports.
    public func execute(on host: Host) throws -> ExitStatus {
        let isEmpty = try show(on: host)
        return !isEmpty && detailedExitcode ? .difference : .success
    }

    /// Shows the changes with the options of `apply --dry-run`.
    static func dryRun(
        _ policy: PolicyOptions, _ kernel: KernelOptions, _ lists: ListOptions, _ safety: SafetyOptions,
        _ output: OutputOptions, isWhole: Bool, on host: Host
    ) throws -> ExitStatus {
        var plan = Plan()
        (plan.policy, plan.kernel, plan.lists, plan.output) = (policy, kernel, lists, output)
        plan.detailedExitcode = false
        plan.verbose = isWhole
        plan.out = nil
        _ = try plan.show(on: host, cutting: "apply --cut-sessions\(safety.confirmWords)")
        return .success
    }

    /// Prints the plan, with the command that ends the sessions it refuses; returns whether there is nothing to change.
    private func show(on host: Host, cutting command: String = "apply --cut-sessions") throws -> Bool {
        let console = Console(host, output)
        host.progress("reading the policy…")
        let reading = policy.read(
            on: host, appliesHere: true, lists: kernel.lastLists(on: host), keepsLastLists: lists.keepLists)
        guard let wanted = reading.policy else { throw policy.failure(reading, on: host, console) }
        let store = try kernel.openStore(on: host)
        let grants = kernel.grants(on: host)
        let plan = try PlannedChange(wanted, onto: store, carrying: grants)
        let comparison = policy.verified(reading, on: host, kernel, in: store).map {
            Verification($0, plan.ruleset, in: store, grants: grants, now: host.now)
        }
        let orphaned = OrphanedSessions(by: plan, among: host.sessions, now: host.now)
        let consequences = Consequences(of: plan, on: host)
        let waiting = try? kernel.existingState(on: host)?.waiting(in: store)
        let lockout = try lockout(by: plan, carrying: grants, in: store, on: host)
        let unknown = wanted.unknownNameLines.map { "\n\($0)" }.joined()
        if let out {
            console.requireOutput()
            let text =
                plan.text(consequences, console.plain, verbose: false, isWhole: true) + orphaned.text(command: command)
                + unknown
            try ReviewedPlan(
                plan, text: host.invocation.completing(text), since: kernel.lastApplied(on: host), now: host.now,
                on: host.changes
            ).write(to: out)
        }
        if console.isJSON {
            console.print(plan.json(consequences, orphaned, since: comparison, lockout: lockout, waiting))
        } else if !(plan.isEmpty && console.isQuiet) {
            let note = comparison.flatMap { plan.note(since: $0, waiting) }.map { console.styled($0, .yellow) }
            let text = plan.text(consequences, console, verbose: verbose) + orphaned.text(command: command) + unknown
            console.print(note.map { plan.isEmpty ? $0 : "\($0)\n\n\(text)" } ?? text)
        }
        if let waiting, !console.isJSON, !(plan.isEmpty && console.isQuiet) {
            console.note(waiting.note(isInSync: plan.isEmpty))
        }
        if !plan.isEmpty, let unrecorded = kernel.unrecorded(plan.snapshot.table, on: host) {
            console.note("portreeve: warning: \(unrecorded.text)")
        }
        if let lockout { console.note("portreeve: warning: apply will refuse this: \(lockout.reasons)") }
        if !console.isQuiet { reading.refusedLists.forEach { console.note($0.warning) } }
        if !console.isQuiet { host.flushes().forEach { console.note($0.text(console), $0.priority) } }
        if let out, !console.isQuiet {
            let path = out.printable
            let use =
                plan.isEmpty ? "it makes no change" : "\"portreeve apply \(path.shellWord)\" makes exactly this change"
            console.note("plan saved in \(path): \(use)")
        } else if console.columns != nil, !console.isQuiet, !console.isJSON, !plan.isEmpty, lockout == nil,
            waiting == nil
        {
            console.print(console.styled(Self.nextStep, .faint))
        }
        return plan.isEmpty
    }

    /// What a person at a terminal does next.
    private static let nextStep = "\"portreeve apply --confirm 2m\" makes it so"

    /// The refusal with which `apply` would answer; `nil` for none.
    private func lockout(
        by plan: PlannedChange, carrying grants: GrantBook, in store: any RulesetStore, on host: Host
    ) throws -> Lockout? {
        guard !plan.isEmpty else { return nil }
        let change = RulesetChange(
            snapshot: plan.snapshot, table: plan.table, kind: .apply, summary: "", policy: plan.policy,
            grants: grants)
        return try change.lockout(in: store, on: host)
    }
}
