public import ArgumentParser
internal import Compiler
internal import Policies
internal import Rulesets

/// `portreeve apply`: makes the live table what the policy says, in one transaction.
public struct Apply: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        abstract: "Make the live ruleset what the policy says, in one transaction.")

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions
    /// How it writes.
    @OptionGroup public var output: OutputOptions

    @Flag(help: "Apply without asking.")
    var yes = false

    @Flag(help: "End the sessions that the policy refuses, except your own.")
    var cutSessions = false

    @Flag(help: "With --cut-sessions, end your own session, too.")
    var force = false

    /// A command to be filled by the parser.
    public init() {}

    /// Plans, asks, commits, and reads back.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let policy = try policy.load(on: host, console)
        var store = try host.openStore(kernel.netns)
        store.remember(in: kernel.stateDir)
        let plan = try PlannedChange(policy, onto: &store, now: host.now)
        if plan.isEmpty {
            let cut = try cut(policy, plan, on: host)
            report("in sync: nothing to do", changed: false, plan.snapshot.generation, cut, console)
            return cut.status
        }
        if !console.isQuiet || !yes {
            let text = plan.text(console, verbose: false) + (try OrphanedSessions(policy, plan, on: host).text)
            if console.isJSON { console.note(text) } else { console.print(text) }
        }
        if !yes { try Confirmation(host).require("apply this to table \(Names.table)?") }
        let generation = try TableWriter(store).replace(plan.snapshot, by: plan.compiled.table, plan.transaction)
        let cut = try cut(policy, plan, on: host)
        report(
            "applied and read back: generation \(plan.snapshot.generation) -> \(generation)", changed: true, generation,
            cut, console)
        return cut.status
    }

    /// Ends the sessions that the policy, which is in force now, refuses; none unless asked to.
    private func cut(_ policy: Policy, _ plan: PlannedChange, on host: Host) throws -> SessionCut {
        cutSessions ? try SessionCut(policy, plan.compiled, on: host, force: force) : SessionCut()
    }

    private func report(_ text: String, changed: Bool, _ generation: UInt32, _ cut: SessionCut, _ console: Console) {
        if console.isJSON {
            console.print([
                "format_version": 1, "changed": .bool(changed), "generation": .number(Int(generation)),
                "sessions": cut.json,
            ])
        } else if !console.isQuiet {
            console.print(text)
        }
        cut.report(to: console)
    }
}
