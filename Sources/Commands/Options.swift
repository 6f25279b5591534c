public import ArgumentParser
internal import Changes
internal import Kernel
internal import System

/// How results are written.
public enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// For people.
    case text
    /// For programs.
    case json
    /// For monitoring systems that run plugins.
    case nagios
    /// For the textfile collector of node_exporter.
    case prometheus
}

/// When colours are used.
public enum ColorChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// On a terminal, unless NO_COLOR is set.
    case auto
    /// Always.
    case always
    /// Never.
    case never
}

/// Options that every command has.
public struct OutputOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "How results are written: text or json; for verify also nagios or prometheus.", valueName: "format"))
    var format: OutputFormat = .text

    @Flag(name: .shortAndLong, help: "Print nothing when all is well.")
    var quiet = false

    @Option(help: ArgumentHelp("When colours are used: auto, always or never.", valueName: "when"))
    var color: ColorChoice = .auto

    /// Options as they are when none is given.
    public init() {}
}

/// The policy that a command reads.
public struct PolicyOptions: ParsableArguments, Sendable {
    @Argument(help: ArgumentHelp("The policy file.", valueName: "policy"))
    var policy = "/etc/portreeve/policy.yaml"

    @Flag(help: "As root, accept a policy or list that somebody else could write.")
    var allowInsecurePermissions = false

    /// Options as they are when none is given.
    public init() {}
}

/// The kernel that a command works on.
public struct KernelOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("Work in this network namespace, as ip-netns(8) names it.", valueName: "name"))
    var netns: String?

    @Option(
        help: ArgumentHelp(
            "Where portreeve keeps what it knows between runs (default: /var/lib/portreeve).", valueName: "directory"))
    var stateDir: String?

    /// Options as they are when none is given.
    public init() {}
}

extension KernelOptions {
    /// The ruleset of the network namespace, which the process enters, with its cache of big sets.
    func openStore(on host: Host) throws(KernelError) -> any RulesetStore {
        let store = try host.openStore(netns)
        store.cacheSets(in: stateLocation(on: host).directory)
        return store
    }

    /// Where the state of the network namespace is kept, which the process has entered.
    func stateLocation(on host: Host) -> StateLocation {
        stateDir.map(StateLocation.init) ?? host.changes.location()
    }

    /// The state of the network namespace, which the process has entered.
    func state(on host: Host) throws(KernelError) -> RulesetState {
        try RulesetState(at: stateLocation(on: host), on: host.changes)
    }

    /// The same for commands that only look; `nil` where nothing was ever kept.
    func existingState(on host: Host) throws(KernelError) -> RulesetState? {
        try RulesetState(existingAt: stateLocation(on: host), on: host.changes)
    }

    /// The grants for commands that only look, whom nothing keeps from looking at the rest.
    func grants(on host: Host) -> GrantBook { GrantBook(existingAt: stateLocation(on: host), on: host.changes) }
}
