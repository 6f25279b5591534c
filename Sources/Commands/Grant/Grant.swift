internal import Addressing
public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets

/// `portreeve grant`: lets one address in to a service for a time.
public struct Grant: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "grant",
        abstract: "Let an address in to a service for a time that the kernel itself ends.")

    @Argument(help: ArgumentHelp("The service, as the policy names it.", valueName: "service"))
    var service: String

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions

    @Option(help: ArgumentHelp("The address that is let in.", valueName: "address"))
    var from: String

    @Option(name: .customLong("for"), help: ArgumentHelp("For how long, such as 2h.", valueName: "time"))
    var span: TimeSpan

    @Option(help: ArgumentHelp("What it is for: shown wherever the grant is.", valueName: "text"))
    var why: String

    /// How it writes.
    @OptionGroup public var output: OutputOptions

    /// A command to be filled by the parser.
    public init() {}

    /// Refuses a reason that is none.
    public func validate() throws {
        guard why.contains(where: { !$0.isWhitespace }), !why.unicodeScalars.contains(where: \.properties.isControl)
        else { throw ValidationError("--why must be one line of text") }
    }

    /// Lets it in, unless the policy sets a limit to that.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let address = try AddressArgument(from).address
        let policy = try policy.load(on: host, console)
        guard policy.services.contains(where: { $0.name == service }) else {
            throw CommandError(.failure, "the policy has no service \"\(service)\": nothing was changed")
        }
        if let limit = policy.defaults.grantLimit { try limit.allow(span) }
        let store = try host.openStore(kernel.netns)
        let request = GrantRequest(service: service, address: address, span: span, why: why)
        try GrantMaker(kernel, in: store, on: host, console).grant(request, by: policy).write(to: console)
        return .success
    }
}

extension GrantLimit {
    /// Refuses what is longer.
    fileprivate func allow(_ span: TimeSpan) throws(CommandError) {
        let place = "(\(location.file):\(location.line))"
        guard let longest else {
            throw CommandError(.refused, "the policy allows no grants \(place): nothing was changed")
        }
        guard span.seconds > longest.seconds else { return }
        throw CommandError(
            .refused, "\(span.text) is longer than the policy allows, \(longest.text) \(place): nothing was changed")
    }
}

extension Unicode.Scalar.Properties {
    /// Whether it steers a terminal instead of being seen.
    fileprivate var isControl: Bool {
        [.control, .format, .lineSeparator, .paragraphSeparator].contains(generalCategory)
    }
}
