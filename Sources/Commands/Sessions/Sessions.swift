internal import Addressing
public import ArgumentParser
internal import Auditing
internal import Changes
internal import Kernel
internal import Listeners
internal import Policies
internal import Printing
internal import System

/// `portreeve sessions`: the live connections.
public struct Sessions: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "sessions", _superCommandName: Portreeve.name,
        abstract: "Show the live connections: both ends, process, service, and whether the policy allows them.",
        usage: "portreeve sessions [<policy>] [options]")

    @Option(
        help: ArgumentHelp("Only connections to this service.", valueName: "name"), completion: PolicyOptions.services)
    var service: String?

    @Option(
        help: ArgumentHelp(
            "Only connections with this address, prefix, range or group of the policy; can be repeated.",
            valueName: "source"))
    var peer: [String] = []

    @Option(help: ArgumentHelp("Only connections in this direction: in, out or forward.", valueName: "direction"))
    var direction: LiveConnection.Direction?

    @Flag(help: "Only connections that the policy would refuse today.")
    var refused = false

    @Option(help: ArgumentHelp("Sort by port, peer, state, age, bytes or process.", valueName: "key"))
    var sort: ConnectionQuery.Order = .port

    @Flag(help: "Repaint the terminal every two seconds, until q is pressed.")
    var watch = false

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Rejects options that contradict each other.
    public func validate() throws {
        if watch && output.format != .text { throw ValidationError("--watch paints text: leave out --format") }
        if watch && output.quiet { throw ValidationError("--watch and --quiet cannot be used together") }
    }

    /// Reads the connections, and prints them.
    public func execute(on host: Host) throws -> ExitStatus {
        let store = try kernel.openStore(on: host)
        guard watch else {
            host.progress("reading the connections and their processes…")
            let console = Console(host, output)
            try SessionReport(read(in: store, on: host, console), isFiltered: isFiltered).print(to: console)
            return .success
        }
        try host.repaint { size in
            var host = host
            (host.now, host.outputColumns, host.progress) = (host.clock(), size.columns, { _ in })
            let console = Console(host, output)
            return try SessionReport(read(in: store, on: host, console), isFiltered: isFiltered)
                .frame(size, now: host.now, console)
        }
        return .success
    }

    private var isFiltered: Bool { service != nil || !peer.isEmpty || direction != nil || refused }

    private func read(
        in store: any RulesetStore, on host: Host, _ console: Console
    ) throws -> SessionReport.Reading {
        let verified = try policy.loadVerified(on: host, kernel, in: store, console)
        let (compiled, doubt) = try verified.live(kernel.grants(on: host), in: store)
        let sessions = try LiveSessions(
            verified.policy, compiled, among: host.sessions, query(verified.policy), now: host.now)
        return SessionReport.Reading(
            sessions: sessions, doubts: sessions.doubts + (doubt.map { [$0] } ?? []), now: host.now)
    }

    private func query(_ policy: Policy) throws(CommandError) -> ConnectionQuery {
        var query = ConnectionQuery()
        if let service {
            let names = policy.services.map(\.name)
            guard names.contains(service) else {
                throw CommandError(.usage, Self.unknown("service", service, among: names))
            }
            query.service = service
        }
        if !peer.isEmpty {
            var peers = AddressSet()
            for text in peer { peers = peers.union(try Self.addresses(text, policy)) }
            query.peers = peers
        }
        if let direction { query.directions = [direction] }
        query.isRefusedOnly = refused
        query.order = sort
        return query
    }

    private static func addresses(_ text: String, _ policy: Policy) throws(CommandError) -> AddressSet {
        if let group = policy.groups.first(where: { $0.name == text }) { return group.addresses }
        guard AddressRange.isIntended(by: text) else {
            throw CommandError(.usage, unknown("group", text, among: policy.groups.map(\.name)))
        }
        do throws(AddressError) { return AddressSet(try AddressRange(text)) } catch {
            let hint = error.repair.map { "; did you mean \"\($0)\"?" } ?? ""
            throw CommandError(.usage, "\(error)\(hint)")
        }
    }

    private static func unknown(_ kind: String, _ name: String, among names: [String]) -> String {
        let hint = Spelling.hint(for: name, among: names, "its \(kind)s")
        return "the policy has no \(kind) \"\(name.printable)\"\(hint)"
    }
}

extension LiveConnection.Direction: ExpressibleByArgument {}
extension ConnectionQuery.Order: ExpressibleByArgument {}
