internal import Addressing
public import ArgumentParser
internal import Changes
internal import Kernel

/// `portreeve revoke`: ends grants early.
public struct Revoke: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "revoke", _superCommandName: Portreeve.name,
        abstract: "End the grants of a service early, or the grant of one address.",
        usage: "portreeve revoke <service> [--from <address>] [options]")

    @Argument(help: ArgumentHelp("The service.", valueName: "service"))
    var service: String

    @Option(help: ArgumentHelp("The address; without it, all addresses with a grant.", valueName: "address"))
    var from: String?

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
        try GrantMaker(kernel, in: store, on: host, console).revoke(service, from: address, guardedBy: lockoutGuard)
            .write(to: console)
        return .success
    }
}
