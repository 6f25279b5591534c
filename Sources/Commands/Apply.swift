public import ArgumentParser
internal import Compiler
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

    @Flag(help: "Apply even what locks out those who work on this host over SSH.")
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
            report("in sync: nothing to do", changed: false, plan.snapshot.generation, console)
            return .success
        }
        try LockoutGuard(host, console, force: force)
            .allow(plan.compiled.table, onto: plan.snapshot, of: &store, by: policy)
        if !console.isQuiet || !yes {
            let text = plan.text(console, verbose: false)
            if console.isJSON { console.note(text) } else { console.print(text) }
        }
        if !yes { try Confirmation(host).require("apply this to table \(Names.table)?") }
        let generation = try TableWriter(store).replace(plan.snapshot, by: plan.compiled.table, plan.transaction)
        report(
            "applied and read back: generation \(plan.snapshot.generation) -> \(generation)", changed: true, generation,
            console)
        return .success
    }

    private func report(_ text: String, changed: Bool, _ generation: UInt32, _ console: Console) {
        if console.isJSON {
            console.print(["format_version": 1, "changed": .bool(changed), "generation": .number(Int(generation))])
        } else if !console.isQuiet {
            console.print(text)
        }
    }
}
