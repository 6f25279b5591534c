internal import Addressing
public import ArgumentParser
internal import Changes
internal import Kernel

/// `portreeve unban`: ends a ban early.
public struct Unban: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "unban", _superCommandName: Portreeve.name,
        abstract: "End the ban of an address or a prefix early.",
        usage: "portreeve unban <address> [options]")

    @Argument(help: ArgumentHelp("The address or the prefix.", valueName: "address"))
    var addresses: String

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Always.
    public var makesChange: Bool { true }

    /// Ends the ban; one that has ended is no error, since the kernel may be faster.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let addresses = try PrefixArgument(addresses).addresses
        let store = try kernel.openStore(on: host)
        let state = try kernel.stateInForce(in: store, on: host)
        let outcome = try state.map { try BanMaker($0, in: store, on: host, console).unban(addresses) }
        (outcome ?? .notLoaded(addresses)).write(to: console)
        return .success
    }
}
