public import ArgumentParser

/// The command line, with one subcommand per task.
public struct Portreeve: ParsableCommand {
    /// The name, the version and the subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "portreeve",
        abstract: "Declare which ports of this host are open, to whom, and why; portreeve keeps nftables in sync.",
        discussion: "See portreeve(8) for the commands and portreeve-policy(5) for the policy file.",
        version: "0.1.0",
        subcommands: [
            Check.self, Plan.self, Apply.self, Confirm.self, Rollback.self, History.self, Show.self, Verify.self,
            Status.self, Grant.self, Revoke.self, Init.self, Diff.self, Explain.self, Remove.self, Undo.self,
        ])

    /// Creates the command line without a subcommand.
    public init() {}
}
