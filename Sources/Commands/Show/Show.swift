public import ArgumentParser
internal import Compiler
internal import Rulesets

/// `portreeve show`: the ruleset that a policy compiles to.
public struct Show: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the ruleset that the policy compiles to, as text that nft -f loads.")

    @OptionGroup var policy: PolicyOptions
    /// How it writes.
    @OptionGroup public var output: OutputOptions

    /// A command to be filled by the parser.
    public init() {}

    /// Compiles and prints; the text replaces the table when it is loaded.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let table = compile(try policy.load(on: host, console)).table
        // Declared first, so that it can be deleted whether it is there or not.
        let text = "table \(table.name)\ndelete table \(table.name)\n\(table.nftText)"
        if console.isJSON {
            console.print(["format_version": 1, "nft": .string(text)])
        } else {
            host.standardOutput(text)
        }
        return .success
    }
}
