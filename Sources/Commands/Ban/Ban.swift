internal import Addressing
public import ArgumentParser
internal import Changes
internal import Kernel
internal import Policies
internal import Printing

/// `portreeve ban`: shuts out one address or prefix for a time.
public struct Ban: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "ban", _superCommandName: Portreeve.name,
        abstract: "Shut out one address or prefix for a time; the kernel ends the ban by itself.",
        usage: "portreeve ban <address> --for <time> --why <text> [options]")

    @Argument(help: ArgumentHelp("The address or the prefix.", valueName: "address"))
    var addresses: String

    @Option(
        name: .customLong("for"), help: ArgumentHelp("The duration, such as 2h.", valueName: "time"),
        transform: TimeSpan.argument)
    var span: TimeSpan

    @Option(help: ArgumentHelp("The reason, shown wherever the ban is listed.", valueName: "text"))
    var why: String

    @Flag(help: "End the open sessions of the address, except your own.")
    var cutSessions = false

    @Flag(help: "Continue even if the ban covers a large part of the internet, or locks out admins.")
    var force = false

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Always.
    public var makesChange: Bool { true }

    /// Rejects an empty or unprintable reason.
    public func validate() throws {
        try why.requireReason()
    }

    /// The address or the prefix; a name may be that of a group, which a policy shuts out.
    private var prefix: AddressRange {
        get throws(CommandError) {
            do { return try PrefixArgument(addresses).addresses } catch {
                let isName = addresses.first?.isLetter == true && !addresses.contains { ".:/".contains($0) }
                let advice = isName ? "; to shut out a group, add it to \"deny\" in the policy" : ""
                throw CommandError(error.status, error.message + advice)
            }
        }
    }

    /// Makes the ban, unless the policy or the guard forbids it.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let request = BanRequest(addresses: try prefix, span: span, why: why)
        let store = try kernel.openStore(on: host)
        guard let state = try kernel.stateInForce(in: store, on: host) else { throw RulesetState.missingTable }
        let outcome = try BanMaker(state, in: store, on: host, console).ban(
            request, isForced: force, reading: ReadingOptions(), guardedBy: LockoutGuard(host, console, force: force))
        if let own = store.addresses(), !own.intersection(AddressSet(request.addresses)).isEmpty {
            let effect =
                "\(request.addresses.isSingle ? "is" : "covers") an address of this host, whose own connections may break"
            console.note("portreeve: warning: \(addresses) \(effect)")
        }
        let cut = cutSessions ? outcome.cut(among: host.sessions, sparing: force ? nil : host.admins) : nil
        outcome.write(to: console, cut)
        if !console.isQuiet { noteGrants(to: request.addresses, on: host, console) }
        return cut?.status ?? .success
    }

    /// Says which grants do not hold while the ban lasts.
    private func noteGrants(to banned: AddressRange, on host: Host, _ console: Console) {
        let set = AddressSet(banned)
        let grants = kernel.grants(on: host).active.filter { set.contains($0.address) }
        guard !grants.isEmpty else { return }
        let list = grants.map { "\($0.service) from \($0.address)" }.listed(atMost: Self.namedGrants)
        let verb = grants.count == 1 ? "is" : "are"
        console.note("portreeve: warning: the ban comes before grants: \(list) \(verb) not let in")
    }

    private static let namedGrants = 3
}
