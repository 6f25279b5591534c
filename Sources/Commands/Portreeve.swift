public import ArgumentParser

/// The command line, with one subcommand per task.
public struct Portreeve: ParsableCommand {
    /// The name of the program.
    ///
    /// Each subcommand has it as `_superCommandName`, too: its parser, used alone, need not look for a request for a completion script.
    static let name = "portreeve"

    /// The name, the version and the subcommands.
    public static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Declare which ports of this host are open, to whom, and why; portreeve keeps nftables in sync.",
        usage: "portreeve <command> [options]",
        discussion: """
            The policy is \(PolicyOptions.standardPath), unless a command names another file.

              portreeve init                   write a first policy from what listens now
              portreeve plan                   show who gains and who loses access
              portreeve apply --confirm 2m     load it; undone after two minutes, unless
              portreeve confirm                keeps it, best from a new login
              portreeve verify                 compare the host with the policy
              portreeve explain 192.0.2.7 ssh  show whether that connection gets in

            portreeve(8) describes the commands, portreeve-policy(5) the policy file, portreeve-findings(7) what \
            "portreeve verify" reports.
            """,
        version: "0.1.0",
        subcommands: [Undo.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Policy",
                subcommands: [Init.self, Import.self, Edit.self, Check.self, Show.self, Diff.self]),
            CommandGroup(
                name: "Ruleset",
                subcommands: [
                    Plan.self, Apply.self, Confirm.self, Rollback.self, Grant.self, Revoke.self, Ban.self, Unban.self,
                    Refresh.self, Remove.self,
                ]),
            CommandGroup(
                name: "Host",
                subcommands: [
                    Verify.self, Status.self, Sessions.self, Refusals.self, Explain.self, History.self, Report.self,
                    Probe.self,
                ]),
        ])

    /// Creates the command line without a subcommand.
    public init() {}
}
