internal import Addressing
public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies

/// `portreeve revoke`: ends grants early.
public struct Revoke: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "revoke", _superCommandName: Portreeve.name,
        abstract: "End the grants of a service early, or the grant of one address.",
        usage: "portreeve revoke <service> [--from <address>] [--cut-sessions] [options]")

    @Argument(help: ArgumentHelp("The service.", valueName: "service"), completion: PolicyOptions.services)
    var service: String

    @Option(help: ArgumentHelp("The address; without it, all addresses with a grant.", valueName: "address"))
    var from: String?

    @Flag(help: "Also end the open sessions that the grants let in, except your own.")
    var cutSessions = false

    @Flag(help: "Continue even if the change locks out admins who are connected over SSH.")
    var force = false

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Always.
    public var makesChange: Bool { true }

    /// Ends the grants; one that has ended is no error, since the kernel may be faster.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let address = try from.map { text throws(CommandError) in try AddressArgument(text).address }
        let store = try host.openStore(kernel.netns)
        try kernel.settleOverdue(in: store, on: host, console)
        let lockoutGuard = LockoutGuard(host, console, force: force)
        let state = try kernel.stateInForce(in: store, on: host)
        let ended = try state.map {
            try GrantMaker($0, in: store, on: host, console).revoke(service, from: address, guardedBy: lockoutGuard)
        }
        let outcome = ended ?? .notLoaded(service, address)
        let sessions = try sessions(from: address, in: store, on: host)
        guard cutSessions else {
            outcome.write(to: console, sessions.open, endedBy: command(from: address))
            return .success
        }
        let cut = sessions.cut(sparing: force ? nil : host.admins)
        outcome.write(to: console, cut)
        return cut.status
    }

    /// The sessions with the service that the live table refuses.
    private func sessions(from address: IPAddress?, in store: any RulesetStore, on host: Host) throws -> RevokedSessions
    {
        let policy = try kernel.existingState(on: host)?.applied(in: store)?.policy(ReadingOptions())
        let live = try store.snapshot(of: Names.table, expecting: [])
        return RevokedSessions(
            with: service, from: address, refusedBy: live.table, of: policy, among: host.sessions, now: host.now)
    }

    /// The command that ends them once the grants have ended.
    private func command(from address: IPAddress?) -> String {
        "revoke \(service)\(address.map { " --from \($0)" } ?? "") --cut-sessions"
    }
}
