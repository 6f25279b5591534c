public import ArgumentParser
internal import Auditing
internal import Changes
internal import Compiler
internal import Kernel
internal import Listeners
internal import Policies

/// `portreeve status`: one row per port.
public struct Status: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show every port in one table: declared, loaded, listening, and open to which sources.")

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions
    /// The output options.
    @OptionGroup public var output: OutputOptions

    /// Creates a command for the parser.
    public init() {}

    /// Reads, and prints the rows.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let policy = try policy.load(on: host, console)
        let store = try host.openStore(kernel.netns)
        let plain = compile(policy)
        let ruleset = try WholeRuleset(store, expecting: [plain.table])
        let grants = kernel.grants(on: host)
        let compiled = grants.expectation(plain, found: ruleset.own.table)
        let drift = [Finding].drift(of: ruleset.own.table, from: compiled)
        let live = LiveRuleset(
            own: ruleset.own.table, others: ruleset.neighbours, drift: drift,
            in: ruleset.circumstances(now: host.now), now: host.now)
        let sockets = try host.readSockets()
        let rows = PortStatus.all(
            policy, compiled, loaded: ruleset.own.table, in: live, sockets: sockets, packets: ruleset.packets)
        let routed = RoutedContainers(
            through: ruleset.tables, in: ruleset.circumstances(now: host.now), known: sockets.containers)
        let findings = ([Finding].legacyTables(ruleset.legacy) + routed.findings(policy))
            .accepting(policy.acceptances, now: host.now)
        let waiting = try kernel.existingState(on: host)?.waiting()
        if console.isJSON {
            console.print([
                "format_version": 1, "generation": .number(Int(ruleset.generation)),
                "pending": waiting.map { $0.pending.json(seconds: $0.seconds, isOverdue: $0.isOverdue) } ?? .null,
                "grants": grants.json(in: ruleset.own.table), "findings": .array(findings.map(\.json)),
                "ports": .array(rows.map(\.json)),
            ])
            return .success
        }
        if let (pending, seconds, isOverdue) = waiting {
            console.print(console.styled(pending.text(seconds: seconds, isOverdue: isOverdue), .yellow))
        }
        for line in grants.lines(in: ruleset.own.table) { console.print(console.styled(line, .yellow)) }
        for finding in findings { console.print(finding.text(console)) }
        if rows.isEmpty {
            if !console.isQuiet { console.print("no port is declared, and nothing listens beyond loopback") }
        } else {
            let lines = TextTable(
                [PortStatus.headings] + rows.map(\.columns), cuttable: PortStatus.cuttable, width: console.columns
            ).lines
            console.print(console.styled(lines[0], .bold))
            for (line, row) in zip(lines.dropFirst(), rows) { console.print(styled(line, row, console)) }
        }
        return .success
    }

    private func styled(_ line: String, _ row: PortStatus, _ console: Console) -> String {
        if row.exposure == .reachable || row.exposure == .unknown { return console.styled(line, .red) }
        return row.service == nil || row.loaded != .yes ? console.styled(line, .yellow) : line
    }
}
