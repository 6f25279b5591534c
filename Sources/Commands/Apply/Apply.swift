public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Printing
internal import Rulesets
internal import System

/// `portreeve apply`: loads the compiled policy in one transaction.
public struct Apply: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "apply", _superCommandName: Portreeve.name,
        abstract: "Load the policy, or a reviewed plan of it, into the kernel in one transaction.",
        usage: "portreeve apply [<policy>] [--confirm <time>] [options]")

    @OptionGroup var safety: SafetyOptions

    @Flag(
        name: [.customShort("n"), .customLong("dry-run")],
        help: "Show the changes, as \"portreeve plan\" does, and make none.")
    var isDryRun = false

    @Flag(help: "Show every line of the changes, and every object.")
    var verbose = false

    @Flag(help: "End the sessions that the policy refuses, except your own.")
    var cutSessions = false

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var lists: ListOptions
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions

    @Flag(help: "Load the last confirmed change as it was saved, without reading a policy: for the boot.")
    var boot = false

    @Option(
        help: ArgumentHelp(
            "What to open if --boot cannot load that: ssh (tcp/22, the default), recorded (where SSH listened) or closed.",
            valueName: "what"))
    var floor: Floor?

    /// Creates a command for the parser.
    public init() {}

    /// Unless it only shows.
    public var makesChange: Bool { !isDryRun }

    /// Rejects options that contradict each other.
    public func validate() throws {
        if isDryRun && (boot || cutSessions) {
            throw ValidationError("--dry-run changes nothing; --boot and --cut-sessions cannot be used with it")
        }
        if floor != nil && !boot { throw ValidationError("--floor needs --boot") }
        guard boot, safety.confirm != nil || cutSessions else { return }
        throw ValidationError("--boot loads the confirmed change; --confirm and --cut-sessions cannot be used with it")
    }

    /// Plans, asks, commits, and reads back.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        if boot { return try load(on: host, console) }
        if let plan = try ReviewedPlan(
            path: policy.policy, checksOwnership: host.isRoot && !policy.allowInsecurePermissions)
        {
            if isDryRun { return try show(plan, on: host, console) }
            if cutSessions { throw CommandError(.usage, "--cut-sessions needs the policy, not a plan of it") }
            return try apply(plan, on: host, console)
        }
        if isDryRun { return try Plan.dryRun(policy, kernel, lists, safety, output, isWhole: verbose, on: host) }
        host.progress("reading the policy…")
        let last = kernel.lastLists(on: host)
        let policy = try policy.load(
            on: host, console, appliesHere: true, lists: last, keepsLastLists: lists.keepLists, changing: true,
            lookingUp: { try kernel.lookUp($0, in: last, on: host, console) })
        return try apply(policy, last.renewals, on: host, console)
    }

    /// Applies a policy that was already read.
    static func now(
        _ edited: Policy, _ renewals: [NameRenewal], _ policy: PolicyOptions, _ kernel: KernelOptions,
        _ safety: SafetyOptions,
        _ output: OutputOptions, on host: Host
    ) throws -> ExitStatus {
        var apply = Apply()
        (apply.policy, apply.kernel, apply.safety, apply.output) = (policy, kernel, safety, output)
        (apply.boot, apply.isDryRun, apply.cutSessions, apply.verbose) = (false, false, false, false)
        apply.floor = nil
        return try apply.apply(edited, renewals, on: host, Console(host, output))
    }

    /// Applies a policy, and saves when the addresses of names were seen that were looked up for it.
    private func apply(
        _ policy: Policy, _ renewals: [NameRenewal], on host: Host, _ console: Console
    ) throws -> ExitStatus {
        let status = try apply(policy, on: host, console)
        if !renewals.isEmpty { try kernel.existingState(on: host)?.note(renewals, of: policy) }
        return status
    }

    private func apply(_ policy: Policy, on host: Host, _ console: Console) throws -> ExitStatus {
        let store = try kernel.openStore(on: host)
        try kernel.settleOverdue(in: store, on: host, console)
        let plan = try PlannedChange(policy, onto: store, carrying: kernel.grants(on: host))
        var change = RulesetChange(
            snapshot: plan.snapshot, table: plan.table, kind: .apply,
            summary: plan.summary(since: kernel.lastApplied(on: host)), policy: policy)
        change.planned = (plan.compiled.table, plan.transaction)
        var maker = ChangeMaker(host, kernel, safety, console)
        if cutSessions { maker.cut = { cut(plan, on: host) } }
        if plan.isEmpty {
            if cutSessions {
                try maker.confirmCut(
                    of: OrphanedSessions(
                        refusedBy: plan.compiled.table, of: policy, among: host.sessions, now: host.now))
            }
            return try maker.keep(change, in: store) { number in
                "in sync: the rules stay the same; \(self.policy.title) is recorded as change \(number)"
            }
        }
        let details = details(on: host)
        return try maker.make(change, in: store, question: Self.question) { isAnew in
            let plan = isAnew ? try PlannedChange(policy, onto: store, carrying: kernel.grants(on: host)) : plan
            let consequences = Consequences(of: plan, on: host)
            let orphaned = OrphanedSessions(by: plan, among: host.sessions, now: host.now)
            let note = driftNote(plan, in: store, on: host).map { console.styled($0, .yellow) + "\n\n" } ?? ""
            return note
                + plan.text(
                    consequences, console, verbose: verbose, isWhole: verbose || details == nil, hint: details ?? "")
                + orphaned.text(
                    isCut: cutSessions, sparingOwn: !safety.force,
                    command: "apply --cut-sessions\(safety.confirmWords)")
        }
    }

    /// That the plan also undoes what another program did to the table; `nil` if none did.
    private func driftNote(_ plan: PlannedChange, in store: any RulesetStore, on host: Host) -> String? {
        // No one has changed the ruleset since the last change, or there is no table to compare.
        guard plan.snapshot.table != nil, kernel.lastApplied(on: host)?.generation != plan.snapshot.generation else {
            return nil
        }
        let reading = PolicyReading(policy: plan.policy, diagnostics: [])
        return policy.verified(reading, on: host, kernel, in: store).flatMap { verified in
            plan.driftNote(
                Verification(
                    verified, plan.ruleset, in: store, grants: kernel.grants(on: host), now: host.now))
        }
    }

    /// The command that shows the lines of the plan that are left out; `nil` if there is none, so that all are shown.
    ///
    /// After a change that was made without a question `portreeve plan` shows nothing.
    private func details(on host: Host) -> String? {
        guard safety.yes else { return "\"portreeve plan --verbose\"" }
        guard policy.policy != "-", let before = kernel.lastApplied(on: host) else { return nil }
        return "\"portreeve diff \(before.number) \(policy.policy.shellWord)\""
    }

    private static let question = Question(deed: "apply this to table \(Names.table)")

    /// Prints a reviewed plan, if it could still be applied.
    private func show(_ plan: ReviewedPlan, on host: Host, _ console: Console) throws -> ExitStatus {
        let store = try kernel.openStore(on: host)
        _ = try plan.change(of: store, carrying: kernel.grants(on: host), on: host.changes)
        console.print(Self.text(plan))
        return .success
    }

    private static func text(_ plan: ReviewedPlan) -> String {
        "the plan of \(UTCTime.text(plan.time)) by \(plan.author.text):\n\(plan.text)"
    }

    /// Applies a reviewed plan, if the ruleset is still the one for which it was made.
    private func apply(_ plan: ReviewedPlan, on host: Host, _ console: Console) throws -> ExitStatus {
        let store = try kernel.openStore(on: host)
        try kernel.settleOverdue(in: store, on: host, console)
        let change = try plan.change(of: store, carrying: kernel.grants(on: host), on: host.changes)
        let maker = ChangeMaker(host, kernel, safety, console)
        if change.transaction.isEmpty { return try maker.keep(change, in: store) }
        return try maker.make(change, in: store, question: Self.question) { isAnew in
            // A plan is reviewed for one state of the ruleset, and is not made anew for another.
            isAnew ? nil : Self.text(plan)
        }
    }

    private func cut(_ plan: PlannedChange, on host: Host) -> SessionCut {
        SessionCut(
            plan.policy, plan.compiled.table, among: host.sessions, sparing: safety.force ? nil : host.admins,
            now: host.now)
    }

    private func load(on host: Host, _ console: Console) throws -> ExitStatus {
        let store = try host.openStore(kernel.netns)
        // Printed after the loading: a message that cannot be written ends the process.
        var notes: [String] = []
        let loading = BootLoading(from: kernel.stateLocation(on: host), into: store, on: host.changes, now: host.now) {
            notes.append($0.text)
        }
        let outcome = Result { try loading.load(else: floor ?? .ssh) }
        notes.forEach { console.note("portreeve: \($0)") }
        let text = try outcome.get().text
        if console.isJSON {
            console.print(["format_version": 1, "loaded": .string(text)])
        } else if !console.isQuiet {
            console.print(text)
        }
        return .success
    }
}
