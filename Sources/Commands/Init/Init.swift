internal import Addressing
public import ArgumentParser
internal import Listeners

/// `portreeve init`: writes a first policy from what listens.
public struct Init: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a first policy from what listens on this host; never overwrites one.")

    @Argument(help: ArgumentHelp("The policy file to write; - for standard output.", valueName: "policy"))
    var policy = "/etc/portreeve/policy.yaml"

    @OptionGroup var kernel: KernelOptions
    /// How it writes.
    @OptionGroup public var output: OutputOptions

    /// A command to be filled by the parser.
    public init() {}

    /// The user's own address, if it is one that a policy can name: a link-local one is not.
    private func client(_ host: Host) -> String? {
        guard let client = host.sshClient, (try? AddressRange(client)) != nil else { return nil }
        return client
    }

    /// Looks who listens, and writes the file.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        if let namespace = kernel.netns { try host.enter(namespace) }
        let sockets = try host.readSockets()
        let text = FirstPolicy(sockets: sockets, networks: host.networks(), client: client(host)).text
        if policy == "-" {
            host.standardOutput(text)
            return .success
        }
        console.requireOutput()
        guard try host.files.create(policy, text) else {
            throw CommandError(.failure, "\(policy) is there already: nothing was written; name another file, or -")
        }
        if console.isJSON {
            console.print(["format_version": 1, "written": .string(policy)])
        } else if !console.isQuiet {
            console.print("written: \(policy); say who may come to each service, and why, then run portreeve check")
        }
        return .success
    }
}
