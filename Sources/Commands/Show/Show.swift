public import ArgumentParser
internal import Compiler
internal import Rulesets

/// `portreeve show`: the compiled policy in nft's notation.
public struct Show: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "show", _superCommandName: Portreeve.name,
        abstract: "Print the ruleset of the policy as text for nft -f.",
        usage: "portreeve show [<policy>] [options]")

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var policy: PolicyOptions

    /// Creates a command for the parser.
    public init() {}

    /// Compiles and prints; the text replaces the table when it is loaded.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let table = compile(try policy.load(on: host, console)).table
        // Declared first, so that the deletion succeeds even if the table does not exist.
        let text = "table \(table.name)\ndelete table \(table.name)\n\(table.nftText)"
        if console.isJSON {
            console.print(["format_version": 1, "nft": .string(text)])
        } else {
            host.standardOutput(text)
        }
        return .success
    }
}
