internal import Addressing
public import ArgumentParser
internal import Changes
internal import Listeners
internal import Printing
internal import System

/// `portreeve init`: writes a first policy from the listeners.
public struct Init: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "init", _superCommandName: Portreeve.name,
        abstract: "Write a first policy from the listeners of this host; never overwrites a file.",
        usage: "portreeve init [<policy>] [options]")

    @Argument(
        help: ArgumentHelp("The policy file to write; - for standard output.", valueName: "policy"), completion: .file()
    )
    var policy = PolicyOptions.standardPath

    @Flag(help: "Also write the section outbound, from the live connections of this host.")
    var outbound = false

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Unless the policy is printed.
    public var makesChange: Bool { policy != "-" }

    /// The user's SSH connection, unless a policy cannot name its client because that is link-local.
    private func connection(_ host: Host) -> SSHConnection? {
        host.sshConnection.flatMap { (try? AddressRange($0.clientText)) == nil ? nil : $0 }
    }

    /// Reads the listeners, and writes the file.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        if let namespace = kernel.netns { try host.enter(namespace) }
        let sockets = try host.readSockets()
        var first = FirstPolicy(sockets: sockets, networks: host.networks(), connection: connection(host))
        if outbound { first.outbound = try FirstLine.all(on: host) }
        let text = first.text
        if policy == "-" {
            host.standardOutput(text)
            return .success
        }
        if FileSystem.isDirectory(policy) || policy.hasSuffix("/") {
            let file = (policy.hasSuffix("/") ? policy : policy + "/") + "policy.yaml"
            throw CommandError(
                .failure,
                "\(policy.printable) is a directory; nothing was written: write the path of a file, such as \(file.printable)"
            )
        }
        console.requireOutput()
        let record = host.invocation.record()
        if let directory = try host.files.createDirectory(policy) {
            console.note("made the directory \(directory.printable)")
        }
        guard try host.files.create(policy, text) else {
            throw CommandError(.failure, "\(policy) exists; nothing was written: name another file, or - for stdout")
        }
        if let record {
            console.note(
                "portreeve: warning: change \(record.number) is in force: "
                    + "\"portreeve history --show \(record.source) > FILE\" prints its policy; "
                    + (first.isEmpty ? "this new one has no service" : "in this new one \(openness(of: first))"))
        }
        if console.isJSON {
            console.print(["format_version": 1, "written": .string(policy)])
        } else if !console.isQuiet {
            console.print(next(first))
        }
        return .success
    }

    /// What was written, and the commands that come next.
    private func next(_ first: FirstPolicy) -> String {
        let invocation = Invocation(policy: policy, kernel)
        let summary =
            first.isEmpty
            ? "no process listens beyond loopback, so it has no service yet"
            : "\(openness(of: first)) until you fill in \"from\""
        let step =
            first.isEmpty
            ? "add a service for each port that other hosts need: the file has an example"
            : "fill in \"from\" and \"why\" of each service, and delete services that should not be open"
        return """
            written: \(policy.printable); \(summary)
            next:
              1. \(step)
              2. \(invocation.command("check"))
              3. \(invocation.command("plan"))
              4. \(invocation.command("apply --confirm 2m"))
              5. from a new login: \(invocation.command("confirm"))
            """
    }

    /// The services that are open to the user's address, and that the others are closed.
    private func openness(of first: FirstPolicy) -> String {
        let opened = first.opened
        guard let connection = first.connection, !opened.isEmpty else {
            return "every service is closed to other hosts"
        }
        let verb = opened.count == 1 ? "is" : "are"
        return "\(opened.map(\.title).joined(separator: ", ")) \(verb) open to \(connection.clientText), your address; "
            + "every other service is closed"
    }
}
