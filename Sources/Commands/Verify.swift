public import ArgumentParser
internal import Auditing
internal import Compiler
internal import Policies

/// `portreeve verify`: cross-checks the kernel and the listening sockets with the policy.
public struct Verify: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        abstract:
            "Cross-check the live ruleset and the listening sockets with the policy; exit 2 when something differs.")

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions
    /// How it writes.
    @OptionGroup public var output: OutputOptions

    @Option(help: ArgumentHelp("Check only these, separated by commas: ruleset, listeners.", valueName: "areas"))
    var only: AreaList = .all

    @Flag(help: "Read every set again, also when nothing was committed since the last time.")
    var full = false

    /// A command to be filled by the parser.
    public init() {}

    /// Compares, and reports each difference.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let policy = try policy.load(on: host, console)
        var store = try host.openStore(kernel.netns)
        if !full { store.remember(in: kernel.stateDir) }
        let compiled = compile(policy)
        let ruleset = try WholeRuleset(&store, expecting: full ? [] : [compiled.table])
        let snapshot = ruleset.own
        let drift = [Finding].drift(of: snapshot.table, from: compiled)
        var findings: [Finding] = []
        if only.areas.contains(.ruleset) {
            findings = drift
            findings += .foreignOverrides(of: policy, compiled: compiled, others: ruleset.others, now: host.now)
        }
        if only.areas.contains(.listeners) {
            let live = LiveRuleset(table: snapshot.table, others: ruleset.others, drift: drift, now: host.now)
            findings += live.audit(of: try host.readSockets(), policy)
        }
        findings += .expiries(of: policy, now: host.now)
        if console.isJSON {
            console.print(["format_version": 1, "findings": .array(findings.map(\.json))])
        } else {
            for finding in findings { console.print(finding.text(console)) }
            if !(findings.isEmpty && console.isQuiet) { console.print(Self.summary(findings, policy, snapshot)) }
        }
        return findings.contains { $0.severity != .notice } ? .difference : .success
    }

    private static func summary(_ findings: [Finding], _ policy: Policy, _ snapshot: StoredTable) -> String {
        let counts = Finding.Severity.allCases.map { severity in
            (findings.count { $0.severity == severity }, severity.rawValue)
        }.filter { $0.0 > 0 }
        guard counts.isEmpty else { return "verify: " + counts.map { counted($0.0, $0.1) }.joined(separator: ", ") }
        return "in sync: \(counted(policy.services.count, "service")), generation \(snapshot.generation)"
    }
}
