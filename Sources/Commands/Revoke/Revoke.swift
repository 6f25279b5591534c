internal import Addressing
public import ArgumentParser
internal import Changes
internal import Kernel

/// `portreeve revoke`: ends grants before their time.
public struct Revoke: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "End the grants of a service before their time, or the one of an address.")

    @Argument(help: ArgumentHelp("The service.", valueName: "service"))
    var service: String

    @OptionGroup var kernel: KernelOptions

    @Option(help: ArgumentHelp("The address; all that have a grant of the service without it.", valueName: "address"))
    var from: String?

    @Flag(help: "Go ahead even where that locks out those who work on this host over SSH.")
    var force = false

    /// How it writes.
    @OptionGroup public var output: OutputOptions

    /// A command to be filled by the parser.
    public init() {}

    /// Ends them.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let address = try from.map { text throws(CommandError) in try AddressArgument(text).address }
        let store = try host.openStore(kernel.netns)
        let lockoutGuard = LockoutGuard(host, console, force: force)
        try GrantMaker(kernel, in: store, on: host, console).revoke(service, from: address, guardedBy: lockoutGuard)
            .write(to: console)
        return .success
    }
}
