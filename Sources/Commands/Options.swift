public import ArgumentParser
internal import Auditing
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Printing
internal import Rulesets
internal import System

/// The format of results.
public enum OutputFormat: String, CaseIterable, Sendable {
    /// For people.
    case text
    /// For programs.
    case json
    /// For monitoring systems that run plugins.
    case nagios
    /// For the textfile collector of node_exporter.
    case prometheus
    /// For CI systems that list test cases.
    case junit
    /// For CI systems that show results at the lines of a file.
    case sarif
    /// For people, as a page.
    case html
    /// For spreadsheets.
    case csv
}

/// The policy that a command reads.
public struct PolicyOptions: ParsableArguments, Sendable {
    /// The policy of this host.
    static let standardPath = "/etc/portreeve/policy.yaml"

    @Argument(help: ArgumentHelp("The policy file.", valueName: "policy"), completion: .file())
    var policy = Self.standardPath

    @Flag(help: "As root, accept a policy or list that another user can write.")
    var allowInsecurePermissions = false

    /// The options with their defaults.
    public init() {}

    /// The options for a path that is not an argument of a command.
    ///
    /// No initializer, in which an assignment would make the wrapper of the parser anew.
    static func of(_ path: String, allowsInsecurePermissions: Bool = false) -> Self {
        var options = Self()
        (options.policy, options.allowInsecurePermissions) = (path, allowsInsecurePermissions)
        return options
    }

    /// Completes the services of this host's policy; nothing if that cannot be read.
    static var services: CompletionKind {
        .custom { _, _, _ in of(standardPath).read(on: .this).policy?.services.map(\.name) ?? [] }
    }

    /// The path in a sentence.
    var title: String { policy == "-" ? "standard input" : policy.printable }
}

/// How a command that changes the ruleset takes the lists of the policy.
public struct ListOptions: ParsableArguments, Sendable {
    @Flag(help: "Use a list as it was applied where it is missing, invalid or out of its bounds.")
    var keepLists = false

    /// The options with their defaults.
    public init() {}
}

/// The network namespace and the state directory of a command.
public struct KernelOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp("Work in this network namespace, named as in ip-netns(8).", valueName: "name"),
        completion: .shellCommand("ls /run/netns 2>/dev/null"))
    var netns: String?

    @Option(
        help: ArgumentHelp(
            "The directory of portreeve's state (default: /var/lib/portreeve).", valueName: "directory"),
        completion: .directory)
    var stateDir: String?

    /// The options with their defaults.
    public init() {}

    /// Refuses an empty name, which is that of a variable that is not set.
    public func validate() throws {
        if stateDir?.isEmpty == true {
            throw ValidationError("the path of the state directory is empty: a variable may be unset")
        }
        if netns?.isEmpty == true {
            throw ValidationError("the name of the network namespace is empty: a variable may be unset")
        }
    }
}

extension KernelOptions {
    /// Enters the network namespace, and opens its ruleset with the cache of big sets.
    func openStore(on host: Host) throws(KernelError) -> any RulesetStore {
        let store = try host.openStore(netns)
        host.progress("reading the ruleset…")
        store.cacheSets(in: stateLocation(on: host).directory)
        return store
    }

    /// Undoes a change whose undo is overdue, before a command reads the table that it is going to change.
    func settleOverdue(in store: any RulesetStore, on host: Host, _ console: Console) throws {
        let state = try stateBeforeChange(on: host)
        let settled = try state?.settleOverdue(in: store)
        if let settled { console.note("portreeve: \(settled.text)") }
    }

    /// The state directory of the network namespace, which must have been entered.
    func stateLocation(on host: Host) -> StateLocation {
        stateDir.map(StateLocation.init) ?? host.changes.location()
    }

    /// The lists of the policy in force, read when one is needed; enters the network namespace.
    func lastLists(on host: Host) -> LastLists {
        LastLists {
            if let netns { try host.enter(netns) }
            return try existingState(on: host)
        }
    }

    /// The state of the network namespace, which must have been entered, for a command that has changed nothing yet.
    func state(on host: Host) throws(KernelError) -> RulesetState {
        try beforeChange { () throws(KernelError) in try RulesetState(at: stateLocation(on: host), on: host.changes) }
    }

    /// The state of earlier changes, for a command that has changed nothing yet; `nil` if nothing was ever saved.
    func stateBeforeChange(on host: Host) throws(KernelError) -> RulesetState? {
        try beforeChange { () throws(KernelError) in try existingState(on: host) }
    }

    /// The result of `body`; adds to an error that nothing was changed.
    private func beforeChange<Value>(_ body: () throws(KernelError) -> Value) throws(KernelError) -> Value {
        do throws(KernelError) { return try body() } catch {
            var error = error
            error.advice = [error.advice, "nothing was changed"].compactMap(\.self).joined(separator: "; ")
            throw error
        }
    }

    /// The state of earlier changes; fails if nothing was ever saved, with a message that says what there is none of.
    ///
    /// - Parameters:
    ///   - store: the ruleset of a command that would change it: without a record of the loaded table it is refused.
    ///   - host: the host.
    ///   - thing: what there is none of.
    ///   - reason: why, if no directory was named.
    /// - Returns: the state.
    /// - Throws: `refused` for a loaded table without a record, else `failure`.
    func earlierState(
        in store: (any RulesetStore)? = nil, on host: Host, lacking thing: String, since reason: String? = nil
    ) throws -> RulesetState {
        let state = try existingState(on: host)
        if let state, try !state.log.entries().isEmpty { return state }
        let live = try store?.snapshot(of: Names.table, expecting: []).table
        if let unrecorded = unrecorded(live, on: host) { throw unrecorded.refusal }
        if let state, stateDir == nil { return state }
        // A path of the command line may be mistyped.
        let fault = state == nil ? "does not exist" : "has no record of a change"
        let reason = stateDir.map { "the state directory \($0.printable) \(fault)" } ?? reason
        throw CommandError(.failure, "there is no \(thing)\(reason.map { ": \($0)" } ?? "")")
    }

    /// The state for a command that changes only a part of what is in force; `nil` if nothing was ever saved and no table is loaded.
    ///
    /// - Throws: `refused` if the directory does not exist or has no change although a table is loaded: its path may be mistyped.
    func stateInForce(in store: any RulesetStore, on host: Host) throws -> RulesetState? {
        let state = try stateBeforeChange(on: host)
        if let state, try !state.log.entries().isEmpty { return state }
        let live = try store.snapshot(of: Names.table, expecting: []).table
        if let unrecorded = unrecorded(live, on: host) { throw unrecorded.refusal }
        return state
    }

    /// The state for a command that only reads; `nil` if nothing was ever saved.
    func existingState(on host: Host) throws(KernelError) -> RulesetState? {
        try RulesetState(existingAt: stateLocation(on: host), on: host.changes)
    }

    /// The change that is in force, for a text that can do without it; `nil` if none is known.
    func lastApplied(on host: Host) -> AppliedRecord? { (try? existingState(on: host))?.lastApplied }

    /// The loaded table, if the state has no record of it; `nil` also if the state cannot be read, which is told elsewhere.
    func unrecorded(_ live: Table?, on host: Host) -> UnrecordedTable? {
        try? UnrecordedTable(live, in: existingState(on: host), at: stateLocation(on: host).directory)
    }

    /// The grants for a command that only reads, which must not fail because of them.
    func grants(on host: Host) -> GrantBook { GrantBook(existingAt: stateLocation(on: host), on: host.changes) }

    /// Follows the use of the services, in the state if that exists and can be written; a notice if what it held cannot be used.
    func followUsage(of verification: inout Verification, on host: Host) -> [Finding] {
        guard let ruleset = verification.rulesets else { return [] }
        let span = verification.verified.policy.defaults.unusedAfter
        let reading = UsageBook.reading(
            ruleset, at: stateLocation(on: host), on: host.changes, span, now: host.now)
        verification.usage = reading.book
        return reading.fault.map { [$0] } ?? []
    }
}
