internal import Addressing
public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Printing
internal import Rulesets
internal import System

/// `portreeve grant`: lets one address reach a service for a time.
public struct Grant: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "grant", _superCommandName: Portreeve.name,
        abstract: "Let an address reach a service for a time; the kernel ends the grant.",
        usage: "portreeve grant <service> --from <address> --for <time> --why <text> [<policy>] [options]")

    @Argument(
        help: ArgumentHelp("The name of the service in the policy.", valueName: "service"),
        completion: PolicyOptions.services)
    var service: String

    @Option(help: ArgumentHelp("The address to allow.", valueName: "address"))
    var from: String

    @Option(
        name: .customLong("for"), help: ArgumentHelp("The duration, such as 2h.", valueName: "time"),
        transform: TimeSpan.argument)
    var span: TimeSpan

    @Option(help: ArgumentHelp("The reason, shown wherever the grant is listed.", valueName: "text"))
    var why: String

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Always.
    public var makesChange: Bool { true }

    /// Rejects an empty or unprintable reason.
    public func validate() throws {
        try why.requireReason()
    }

    /// Makes the grant, unless the policy forbids it.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let address = try AddressArgument(from).address
        let store = try host.openStore(kernel.netns)
        try kernel.settleOverdue(in: store, on: host, console)
        let policy = try policy.loadForChange(on: host, kernel, in: store, console)
        guard policy.services.contains(where: { $0.name == service }) else {
            throw CommandError(
                .failure, "the policy has no service \"\(service)\"\(hint(among: policy)); nothing was changed")
        }
        if let limit = policy.defaults.grantLimit { try limit.allow(span) }
        let request = GrantRequest(service: service, address: address, span: span, why: why)
        guard let state = try kernel.stateInForce(in: store, on: host) else { throw RulesetState.missingTable }
        try GrantMaker(state, in: store, on: host, console).grant(request, by: policy).write(to: console)
        return .success
    }
}

extension Grant {
    /// The likely service: of the port that was written, or with a similar name.
    private func hint(among policy: Policy) -> String {
        if let port = NamedPort(service, files: TrustedFiles()),
            let owner = policy.services.first(where: { $0.has(port.transport, port.port) })
        {
            return ": \(service) belongs to \"\(owner.name)\""
        }
        return Spelling.hint(for: service, among: policy.services.map(\.name), "its services")
    }
}

extension Service {
    fileprivate func has(_ transport: TransportProtocol, _ port: UInt16) -> Bool {
        ports.contains { $0.transport == transport && $0.range.contains(port) }
    }
}

extension GrantLimit {
    /// Refuses a longer grant.
    fileprivate func allow(_ span: TimeSpan) throws(CommandError) {
        let place = "(\(location.file):\(location.line))"
        guard let longest else {
            throw CommandError(.refused, "the policy allows no grants \(place); nothing was changed")
        }
        guard span.seconds > longest.seconds else { return }
        throw CommandError(
            .refused, "\(span.text) is longer than the policy allows, \(longest.text) \(place); nothing was changed")
    }
}

extension String {
    /// Refuses a reason that is blank, or not one line of text.
    func requireReason() throws(ValidationError) {
        guard contains(where: { !$0.isWhitespace }) else {
            throw ValidationError("--why is empty: write the reason, such as --why \"repair of db1\"")
        }
        guard !unicodeScalars.contains(where: \.properties.isControl) else {
            throw ValidationError("--why has a line break or another control character: write one line of text")
        }
    }
}

extension Unicode.Scalar.Properties {
    /// Whether it is a control character or a format character, which can garble a terminal.
    fileprivate var isControl: Bool {
        [.control, .format, .lineSeparator, .paragraphSeparator].contains(generalCategory)
    }
}
