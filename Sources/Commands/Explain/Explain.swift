public import ArgumentParser
internal import Addressing
internal import Auditing
internal import Changes
internal import Compiler
internal import Kernel
internal import Listeners
internal import Policies
internal import Printing
internal import Reachability
internal import System

/// `portreeve explain`: whether a connection would be allowed, and which rule decides.
public struct Explain: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "explain", _superCommandName: Portreeve.name,
        abstract: "Show whether a connection would be allowed, and which rule and policy line decide.",
        usage: """
            portreeve explain <source> <port> [<policy>] [options]
            portreeve explain <source> --protocol <protocol> [<policy>] [options]
            portreeve explain --out <destination> <port> [<policy>] [options]
            """)

    @Argument(help: ArgumentHelp("The source address of the connection.", valueName: "source"))
    var source: String

    @Argument(
        help: ArgumentHelp(
            "The destination port: 443/tcp, 53/udp, ssh, or a service of the policy.", valueName: "port"),
        completion: PolicyOptions.services)
    var port: String?

    @Option(
        name: .customLong("protocol"),
        help: ArgumentHelp(
            "A protocol without ports, instead of the port: esp, vrrp, 47; icmp for an echo request.",
            valueName: "protocol"))
    var transport: String?

    @Option(
        help: ArgumentHelp("The interface on which the connection arrives.", valueName: "name"),
        completion: .shellCommand("ls /sys/class/net"))
    var interface: String?

    @Option(help: ArgumentHelp("The address of this host that the client dials.", valueName: "address"))
    var address: String?

    @Flag(help: "Explain a connection that this host begins: the first argument is its destination.")
    var out = false

    @Option(help: ArgumentHelp("With --out, the user of the socket, by name or number.", valueName: "name"))
    var user: String?

    @Flag(name: .customLong("kernel"), help: "Evaluate the live ruleset of all tables.")
    var asksKernel = false

    @Flag(name: .customLong("policy"), help: "Evaluate only the policy; needs no privileges.")
    var asksPolicy = false

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Rejects options that contradict each other.
    public func validate() throws {
        if asksKernel && asksPolicy { throw ValidationError("--kernel and --policy cannot be used together") }
        if transport == nil, let port, MissingPolicy.isPath(port), policy.policy == PolicyOptions.standardPath {
            throw ValidationError("the port is missing: write it before the policy, as in \"\(source) ssh \(port)\"")
        }
        if let order = policyLast { throw ValidationError("the policy comes last: write \"\(order)\"") }
        if let port, (try? AddressRange(port)) != nil, (try? AddressRange(source)) == nil {
            throw ValidationError("the address comes before the port: write \"\(port) \(source)\"")
        }
        if port == nil && transport == nil {
            // `192.0.2.7:22` is told apart by the parser of addresses.
            if source.contains(":") { _ = try AddressArgument(source) }
            throw ValidationError("name a port such as 443/tcp, or a protocol with --protocol")
        }
        if user != nil && !out { throw ValidationError("--user needs --out") }
        if out && address != nil {
            throw ValidationError("--address cannot be used with --out")
        }
        if asksPolicy && kernel.netns != nil { throw ValidationError("--netns cannot be used with --policy") }
    }

    /// The words in their order, if the path of a policy comes before the address or the port; `nil` if it does not.
    private var policyLast: String? {
        let words = [source, port, policy.policy].compactMap(\.self)
        guard transport == nil, words.count == 3, policy.policy != PolicyOptions.standardPath,
            let place = words.dropLast().firstIndex(where: MissingPolicy.isPath)
        else { return nil }
        let others = words.indices.filter { $0 != place }.map { words[$0] }
        return (others + [words[place]]).joined(separator: " ")
    }

    /// Evaluates, and explains.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        if out { return try executeOut(on: host, console) }
        let client = try client(on: host)
        guard let view = try look(on: host, console) else {
            let policy = try namedPolicy.load(on: host, console)
            let question = try question(of: client, policy)
            let tables = [compile(policy).table]
            write(
                Explanation(question, policy: policy, tables: tables, isLive: false, now: host.now),
                names: names(of: client, in: policy, on: host), to: console)
            return .success
        }
        var question = try question(of: client, view.verified.policy)
        question.setting = view.ruleset.circumstances(now: host.now)
        warn(of: question, on: host, console)
        if interface == nil { question.returnInterface = host.sessions.interface(to: question.source) }
        guard asksKernel || view.ruleset.own.table != nil else {
            write(
                view.answer(to: question, applying: view.verified.declared ?? view.verified.policy),
                today: view.answer(to: question), to: console)
            return .success
        }
        let answer = view.answer(to: question)
        var edit: Explanation.Edit?
        if let text = view.verified.edit {
            edit = Explanation.Edit(
                text: text, after: view.verified.declared.map { view.answer(to: question, applying: $0) },
                absence: absence(on: host))
        }
        write(
            answer, grant: grant(behind: answer, on: host),
            names: names(of: client, in: view.verified.policy, on: host),
            edit: edit, granting: edit?.isUnusable == true ? nil : granting(answer), to: console)
        return .success
    }

    /// What brings back the file of a policy in force; `nil` if there is one.
    private func absence(on host: Host) -> Explanation.Edit.Absence? {
        let path = namedPolicy.policy
        guard !StateFiles.exists(path), let record = host.invocation.record() else { return nil }
        return Explanation.Edit.Absence(
            other: record.isOf(path) ? nil : record.path?.shellWord, restoring: record.restoring(path).printable)
    }

    /// Warns about an interface and an address that this host does not have: the answer is about another host, then.
    private func warn(of question: Explanation.Question, on host: Host, _ console: Console) {
        let names = host.interfaces().flatMap { [$0.name] + $0.otherNames }
        if let interface, !names.isEmpty, !names.contains(interface) {
            let hint = Spelling.hint(for: interface, among: names, "its interfaces")
            console.note("portreeve: warning: this host has no interface \"\(interface.printable)\"\(hint)".printable)
        }
        if let dialled = question.dialled, let own = question.setting?.addresses, !own.contains(dialled),
            !dialled.isLoopback
        {
            console.note("portreeve: warning: \(dialled) is not an address of this host")
        }
    }

    private func write(
        _ answer: Explanation, grant: String? = nil, names: [NameSight] = [], edit: Explanation.Edit? = nil,
        today: Explanation? = nil, granting: String? = nil, to console: Console
    ) {
        if console.isJSON {
            console.print(answer.json(grant: grant, names: names, edit: edit, today: today))
        } else {
            console.print(
                answer.text(console, grant: grant, names: names, edit: edit, today: today, granting: granting))
        }
    }

    /// The DNS names that have the source, each with the time when it was seen.
    private func names(of source: IPAddress, in policy: Policy, on host: Host) -> [NameSight] {
        let names = policy.names(of: source)
        guard !names.isEmpty else { return [] }
        let book = kernel.names(on: host)
        return names.map { NameSight($0, book.entries[$0.name]?.seen[source]) }
    }

    /// The policy: with a protocol there is no port, and the second argument is the policy.
    var namedPolicy: PolicyOptions {
        var options = policy
        if transport != nil, let port { options.policy = port }
        return options
    }

    /// The command that lets the source in for a time; `nil` if a grant would not.
    private func granting(_ answer: Explanation) -> String? {
        guard let (service, span) = answer.grant(atMost: Self.usualGrant) else { return nil }
        return "portreeve grant \(service.name) --from \(answer.question.source) --for \(span.text) --why TEXT"
    }

    /// The time of a grant that is proposed.
    private static let usualGrant = TimeSpan(seconds: 3600)

    /// The grant that lets the source in, or the ban that shuts it out, in words, if it is known.
    private func grant(behind explanation: Explanation, on host: Host) -> String? {
        if explanation.isBanned {
            let bans = kernel.grants(on: host).bans
            return bans.ban(of: explanation.question.source).map {
                "\($0.addresses), \($0.explanation(left: bans.left($0)))"
            }
        }
        guard let service = explanation.service?.name, explanation.isGranted else { return nil }
        let grants = kernel.grants(on: host)
        return grants.grant(of: service, to: explanation.question.source).map { $0.explanation(left: grants.left($0)) }
    }
}
