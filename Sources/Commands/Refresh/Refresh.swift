public import ArgumentParser
internal import Auditing
internal import Changes
internal import Kernel
internal import Policies

/// `portreeve refresh`: reads the lists of the applied policy again, and looks up its DNS names.
public struct Refresh: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "refresh", _superCommandName: Portreeve.name,
        abstract: "Read the lists and look up the names of the policy that was applied, and load what changed.",
        usage: "portreeve refresh [options]")

    @Flag(help: "As root, accept a list that another user can write.")
    var allowInsecurePermissions = false

    @Flag(help: "Continue even if the change locks out admins who are connected over SSH.")
    var force = false

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Always.
    public var makesChange: Bool { true }

    /// Reads, loads, and reports what is new.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        console.requireOutput()
        let store = try kernel.openStore(on: host)
        try kernel.settleOverdue(in: store, on: host, console)
        var options = ReadingOptions()
        (options.checksOwnership, options.allowInsecurePermissions) = (host.isRoot, allowInsecurePermissions)
        host.progress("reading the lists and looking up the names…")
        guard let state = try kernel.stateInForce(in: store, on: host) else { throw ListRefresh.absence }
        let refresh = try ListRefresh(state, in: store, reading: options, now: host.now) {
            host.lookUp($0, kernel.netns)
        }
        host.progress("loading the lists…")
        let made = try refresh.make(guardedBy: { LockoutGuard(host, adding: $0, force: force) }) {
            console.note("portreeve: \($0.text)")
        }
        try refresh.noteNames()
        let (refused, over) = try refresh.tellRefusals()
        // A timer tells each once; a person who asks again wants to know.
        let told = console.columns == nil ? refused : refresh.refreshed.refusals
        for refusal in told { console.note(refusal.warning) }
        if made != nil { refresh.newDenials(resolvers: host.resolvers).forEach { console.note($0.text(console)) } }
        refresh.report(made, over, console)
        return refresh.refreshed.refusals.isEmpty ? .success : .difference
    }
}
