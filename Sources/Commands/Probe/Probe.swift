public import ArgumentParser
internal import Addressing
internal import Auditing
internal import Changes
internal import Listeners
internal import Policies
internal import Printing
internal import System

/// `portreeve probe`: tries the ports of another host from here, and compares the answers with its policy.
public struct Probe: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "probe", _superCommandName: Portreeve.name,
        abstract: "Try the ports of another host from here, and compare the answers with its policy.",
        usage: "portreeve probe <host> [<policy>] [options]")

    @Argument(help: ArgumentHelp("The address or the name of the host; no other one is tried.", valueName: "host"))
    var target: String

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("The address that the host sees, if yours is translated.", valueName: "address"))
    var translated: String?

    @Option(help: ArgumentHelp("Also try this port, such as 9000/tcp; may be repeated.", valueName: "port"))
    var port: [String] = []

    @Option(
        help: ArgumentHelp("Wait this long for an answer (default: 3s).", valueName: "time"),
        transform: TimeSpan.argument)
    var timeout: TimeSpan = Self.standardTimeout

    @Option(help: ArgumentHelp("How many ports to try per second at most.", valueName: "number"))
    var rate = 50

    private static let standardTimeout = TimeSpan(seconds: 3)
    /// The most ports of one run.
    private static let most = 2_000

    /// The supported formats.
    public static var formats: [OutputFormat] { ProbeFormats.formats }

    @OptionGroup var formatted: FormattedOutput<ProbeFormats>
    @OptionGroup var policy: PolicyOptions

    /// Creates a command for the parser.
    public init() {}

    /// The output options.
    public var output: OutputOptions { formatted.options }

    /// Rejects rates and times that are out of bounds.
    public func validate() throws {
        guard 1...1_000 ~= rate else { throw ValidationError("--rate takes a number from 1 to 1000, not \(rate)") }
        guard 1...60 ~= timeout.seconds else {
            throw ValidationError("--timeout takes a time from 1s to 60s, not \(timeout.text)")
        }
    }

    /// Tries the ports, and reports.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        if let mistake { throw CommandError(.usage, mistake) }
        let reading = policy.read(on: host, names: LastLists { nil })
        if reading.fault == .absent { throw CommandError(.failure, absence) }
        guard let policy = reading.policy else { throw self.policy.failure(reading, on: host, console) }
        let address = try address(on: host)
        let prober = Prober(of: address, within: timeout.seconds * 1000, atMost: rate)
        let source = try source(of: prober, to: address)
        let plan = ProbePlan(
            of: policy, at: address, from: source, and: ProbePlan.sample + (try asked(policy)), now: host.now)
        guard plan.questions.count <= Self.most else {
            throw CommandError(
                .failure, "the policy has \(plan.questions.count) ports to try, and one run tries at most \(Self.most)")
        }
        host.progress("trying \(counted(plan.questions.count, "port")) of \(address)…")
        let results = [ProbeResult](of: plan, prober.answers(of: plan.questions.map(\.target)))
        let report = ProbeReport(
            host: target, address: address, source: source, results: results, asked: try asked(policy),
            leftOut: plan.leftOut, now: host.now)
        write(report, to: console, on: host)
        if results.contains(where: \.verdict.isContradiction) { return .difference }
        guard results.haveControl else {
            throw CommandError(.failure, "\(failure(results) ?? "\(silence): \(advice(plan, source))")")
        }
        return .success
    }

    /// What was named instead of a host; `nil` if a host was.
    private var mistake: String? {
        let host = target.printable
        if MissingPolicy.isPath(target), policy.policy == PolicyOptions.standardPath {
            return "\(host) is a policy, and the host is missing: "
                + "write it first, as in \"portreeve probe db1.example.org \(host)\""
        }
        guard let (address, port) = AddressArgument.parts(of: target) else { return nil }
        let rest = policy.policy == PolicyOptions.standardPath ? "" : " \(policy.policy.shellWord)"
        return "\(host) has a port: the ports are those of the policy, and --port adds one, as in "
            + "\"portreeve probe \(address)\(rest) --port \(port)\""
    }

    /// A sentence about a policy that does not exist, or that was not named.
    private var absence: String {
        guard policy.policy == PolicyOptions.standardPath else {
            return MissingPolicy(path: policy.policy, isOfThisHost: false).text
        }
        let host = target.printable
        return "the policy of \(host) is missing: add it after the host, as in \"portreeve probe \(host) policy.yaml\""
    }

    private func write(_ report: ProbeReport, to console: Console, on host: Host) {
        switch output.format {
        case .json: console.print(report.json)
        case .junit: console.print(report.junit(on: host.ownName).lines.joined(separator: "\n"))
        default: report.print(to: console)
        }
    }

    /// The address of the host; the first one that its name has.
    private func address(on host: Host) throws(CommandError) -> IPAddress {
        if let range = try? AddressRange(target), let address = IPAddress(range) { return address }
        for answer in host.lookUp([target], nil) {
            if case .addresses(let addresses) = answer.outcome, let first = addresses.first { return first }
        }
        throw CommandError(
            .failure, "cannot find the address of \"\(target)\": write an address, or a name that DNS knows")
    }

    private func source(of prober: Prober, to address: IPAddress) throws(CommandError) -> IPAddress {
        guard let own = prober.source else { throw CommandError(.failure, "there is no route to \(address)") }
        guard own != address else {
            throw CommandError(
                .failure, "\(address) is an address of this host, which always lets itself in: try from another host")
        }
        guard let translated else { return own }
        let told = try AddressArgument(translated).address
        guard told.family == address.family else {
            throw CommandError(.usage, "--as \(told): \(address) belongs to the other address family")
        }
        return told
    }

    private var silence: String { "no port on \(target) answered, so this proves nothing" }

    /// What answers without an open port show: the host, or a firewall before it, is up; `nil` for none.
    private func failure(_ results: [ProbeResult]) -> String? {
        let start = "no port on \(target) is open, so this proves nothing: "
        let closed = results.filter { $0.seen == .closed }
        if let port = (closed.first { $0.question.target.transport == .tcp } ?? closed.first)?.port {
            return start + "the host is up and refuses \(port): nothing listens there, or a firewall answers"
        }
        if let port = results.first(where: { $0.seen == .prohibited })?.port {
            return start + "a firewall of the host or on the way refuses \(port)"
        }
        let obstacles = results.compactMap { result -> ProbeObstacle? in
            if case .unreachable(let obstacle) = result.seen { obstacle } else { nil }
        }
        return obstacles.first.map { "\(silence): \($0.advice(to: target))" }
    }

    /// What to do where no port answered.
    private func advice(_ plan: ProbePlan, _ source: IPAddress) -> String {
        guard let open = plan.questions.first(where: { $0.expected == .accept })?.target else {
            return "try it from a source that the policy lets in"
        }
        let port = open.transport.text(open.port...open.port)
        return "the policy lets \(source) reach \(port), so the host is down, or something on the way drops it"
    }

    /// The ports of the command line.
    private func asked(_ policy: Policy) throws(CommandError) -> [ProbeTarget] {
        var targets: [ProbeTarget] = []
        for text in port {
            let argument = try PortArgument(text, of: policy)
            guard [.tcp, .udp].contains(argument.transport) else {
                throw CommandError(.usage, "--port \(text): only ports of TCP and UDP can be tried")
            }
            targets.append(ProbeTarget(argument.transport, argument.port))
        }
        return targets
    }
}

extension ProbeObstacle {
    /// What the obstacle says about the host, and what it leaves open.
    fileprivate func advice(to target: String) -> String {
        switch self {
        case .link:
            "no host answers at \(target) on the link, so it is down or has another address; "
                + "whether its policy is the reason is not known"
        case .router(let router):
            "\(router) says that it cannot reach \(target): the host is down, or \(router) refuses the probes"
        }
    }
}
