public import ArgumentParser
internal import Auditing
internal import Changes
internal import Compiler
internal import Kernel
internal import Listeners
internal import Policies
internal import Rulesets
internal import System

/// `portreeve status`: one row per port.
public struct Status: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "status", _superCommandName: Portreeve.name,
        abstract: "Show every port in one table: declared, loaded, listening, and open to which sources.",
        usage: "portreeve status [<policy>] [options]")

    @Flag(help: "On a terminal, also list the ports that no client can reach, which are otherwise only counted.")
    var verbose = false

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Reads, and prints the rows.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let store = try host.openStore(kernel.netns)
        host.progress("reading the ruleset…")
        let grants = kernel.grants(on: host)
        var comparison = try kernel.comparison(in: store, on: host) {
            try Verification(
                policy.loadVerified(on: host, kernel, in: store, console), [.ruleset], in: store, grants: grants,
                isFull: false, now: host.now)
        }
        let verified = comparison.verified
        policy.noteOtherHost(verified, on: host, console)
        guard let ruleset = comparison.rulesets else { throw CommandError(.failure, "cannot read the ruleset") }
        comparison.startFindings()
        let doubts = kernel.followUsage(of: &comparison, on: host)
        host.progress("finding the processes that listen, and who reaches them…")
        let names = kernel.names(on: host)
        let sockets = try host.readSockets()
        // People have a line about the bans, which would otherwise be in each row.
        let shown = console.isJSON ? ruleset.own.table : ruleset.own.table?.withoutBans
        let (rows, live) = rows(comparison, ruleset, shown, grants, sockets, on: host)
        let routed = RoutedContainers(
            through: ruleset.tables, in: ruleset.circumstances(now: host.now), known: sockets.containers)
        let others = [Finding].legacyTables(ruleset.legacy) + routed.findings(comparison.verified.policy)
        let stale = [Finding].staleNames(of: verified.policy, names, now: host.now)
        let findings = (others + verified.listFindings + stale).accepting(verified.acceptances, now: host.now)
        let state = try kernel.existingState(on: host)
        let waiting = try state?.waiting(in: store)
        let undone = try? verified.declared.flatMap { try state?.undone(holding: $0) }
        comparison.absence = kernel.absence(of: comparison, in: store, on: host)
        comparison.names = names
        let found = try comparison.findings(host.surroundings) + doubts
        let judged = found.accepting(verified.acceptances, now: host.now)
        let isLoaded = ruleset.own.table != nil
        let states = HostState.all(
            isLoaded: isLoaded, absence: isLoaded ? nil : comparison.absence ?? state?.loss(), judged, waiting: waiting,
            edit: HostState.Edit(comparison.verified, undone: undone))
        let outbound = OutboundStatus(verified.policy, ruleset, among: host.sessions, now: host.now)
        if console.isJSON {
            console.print([
                "format_version": 1, "state": states.json, "generation": .number(Int(ruleset.generation)),
                "pending": waiting?.json ?? .null,
                "grants": grants.json(in: ruleset.own.table), "bans": grants.bans.json(in: ruleset.own.table),
                "names": names.json(of: verified.policy), "findings": .array(findings.map(\.json)),
                "ports": .array(rows.map(\.json)), "outbound": outbound.json,
            ])
            return .success
        }
        if !(states.isEmpty && console.isQuiet) {
            for line in states.lines(console, now: host.now) { console.print(line) }
            if let unrecorded = kernel.unrecorded(ruleset.own.table, on: host) {
                console.print("  \(unrecorded.text)")
            }
        }
        if !console.isQuiet {
            for line in outbound.lines(console) { console.print(line) }
            let lines = grants.lines(in: ruleset.own.table) + grants.bans.lines(in: ruleset.own.table)
            for line in lines { console.print(console.styled(line, .yellow)) }
            if !grants.bans.active.isEmpty { console.print("  OPEN TO does not take bans into account") }
            for line in names.lines(of: verified.policy) { console.print(line) }
        }
        for finding in findings where !console.isQuiet || finding.severity != .notice {
            console.print(finding.text(console))
        }
        show(rows, console)
        guard !console.isQuiet else { return .success }
        // Of a drifted table, or an edited file, the rows are not what verify judges.
        let rest = try comparison.otherFindings(host.surroundings, sockets, through: states.isEmpty ? live : nil)
        let untold =
            judged.filter { !HostState.identifiers.contains($0.identifier) }
            + rest.accepting(verified.acceptances, now: host.now)
        if untold.contains(where: { $0.severity != .notice }) {
            let told = states.isEmpty ? [] : judged.filter { HostState.identifiers.contains($0.identifier) }
            console.print(Self.remainder(told + untold, isInSync: states.isEmpty))
        }
        return .success
    }

    /// How much `verify` finds, where the states do not tell all of it.
    private static func remainder(_ findings: [Finding], isInSync: Bool) -> String {
        let counts = [Finding.Severity.error, .warning].map { severity in
            (findings.count { $0.severity == severity }, severity.rawValue)
        }.filter { $0.0 > 0 }
        let words = counts.map { counted($0.0, $0.1) }.joined(separator: " and ")
        return isInSync
            ? "the rules are in sync; verify has \(words) about ports, connections or the policy"
            : "verify has \(words) in all, also about ports, connections or the policy"
    }

    /// Prints a table of the rows, and how many it leaves out; with `--quiet` only the rows that differ from the policy.
    private func show(_ all: [PortStatus], _ console: Console) {
        if all.isEmpty, !console.isQuiet {
            return console.print("no port is declared, and nothing listens beyond loopback")
        }
        var rows = (console.isQuiet ? all.filter(\.isAmiss) : all).foldingNeighbours(by: \.listenerText)
        let shut = console.columns == nil || verbose ? [] : rows.filter(\.isShutStranger)
        let hidden = shut.count > Self.shownShut ? shut.reduce(0) { $0 + ($1.foldedPorts ?? 1) } : 0
        if hidden > 0 { rows.removeAll(where: \.isShutStranger) }
        if !rows.isEmpty { show(tableOf: rows, console) }
        guard hidden > 0 else { return }
        console.print(
            "\(hidden) more ports have listeners, are not in the policy, and no client can reach them: --verbose shows them"
        )
    }

    /// More rows of ports that no client can reach than this are counted on a terminal.
    private static let shownShut = 10

    private func show(tableOf rows: [PortStatus], _ console: Console) {
        let table = TextTable(
            [PortStatus.headings] + rows.map(\.columns), breakable: PortStatus.breakable,
            omissible: PortStatus.omissible(rows), width: console.columns)
        for line in table.rows[0] { console.print(console.styled(line, .bold)) }
        for (lines, row) in zip(table.rows.dropFirst(), rows) {
            for line in lines { console.print(styled(line, row, console)) }
        }
        guard !table.omitted.isEmpty else { return }
        console.print("a wider terminal also shows \(table.omitted.joined(separator: ", "))")
    }

    /// The rows: what the file declares, or what was applied if the file cannot be used, beside what is loaded; the clients are those
    /// of the `shown` table.
    private func rows(
        _ comparison: Verification, _ ruleset: WholeRuleset, _ shown: Table?, _ grants: GrantBook,
        _ sockets: HostSockets, on host: Host
    ) -> (rows: [PortStatus], live: LiveRuleset) {
        let (verified, own) = (comparison.verified, ruleset.own.table)
        let isAsApplied = verified.edit == nil || verified.declared == nil
        let declared = isAsApplied ? verified.policy : verified.declared ?? verified.policy
        let compiled = isAsApplied ? comparison.compiled : grants.expectation(compile(declared), found: own)
        // The clients in the file: a grant or a ban makes a difference.
        let written = isAsApplied ? verified.compiled.table : compile(declared).table
        let live = LiveRuleset(
            own: shown, others: ruleset.neighbours, declared: written,
            in: ruleset.circumstances(now: host.now), now: host.now)
        let rows = PortStatus.all(
            declared, compiled, loaded: own, in: live, sockets: sockets, usages: comparison.usage.services)
        return (rows, live)
    }

    private func styled(_ line: String, _ row: PortStatus, _ console: Console) -> String {
        if row.isOpenStranger { return console.styled(line, .red) }
        return row.isAsDeclared != true || row.loaded != .yes ? console.styled(line, .yellow) : line
    }
}
