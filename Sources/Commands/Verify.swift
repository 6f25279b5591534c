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

    /// A command to be filled by the parser.
    public init() {}

    /// Compares, and reports each difference.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let policy = try policy.load(on: host, console)
        var store = try host.openStore(kernel.netns)
        let compiled = compile(policy)
        let ruleset = try read(&store, compiled)
        var findings = try findings(policy, compiled, ruleset, on: host)
        findings += .expiries(of: policy, now: host.now)
        if console.isJSON {
            console.print(["format_version": 1, "findings": .array(findings.map(\.json))])
        } else {
            for finding in findings { console.print(finding.text(console)) }
            if !(findings.isEmpty && console.isQuiet) { console.print(Self.summary(findings, policy, ruleset)) }
        }
        return findings.contains { $0.severity != .notice } ? .difference : .success
    }

    /// The rulesets; where only sockets are asked for, which are everybody's to see, perhaps why they may not be read.
    private func read(
        _ store: inout any RulesetStore, _ compiled: CompiledPolicy
    ) throws(StoreError) -> Result<WholeRuleset, StoreError> {
        do throws(StoreError) { return .success(try WholeRuleset(&store, expecting: [compiled.table])) } catch {
            guard error.isDenied, only.areas == [.listeners] else { throw error }
            return .failure(error)
        }
    }

    private func findings(
        _ policy: Policy, _ compiled: CompiledPolicy, _ reading: Result<WholeRuleset, StoreError>, on host: Host
    ) throws(StoreError) -> [Finding] {
        switch reading {
        case .failure(let error):
            return LiveRuleset(unreadable: error, now: host.now).audit(of: try host.readSockets(), policy)
        case .success(let ruleset):
            let drift = [Finding].drift(of: ruleset.own.table, from: compiled)
            var findings: [Finding] = []
            if only.areas.contains(.ruleset) {
                findings = drift
                findings += .foreignOverrides(of: policy, compiled: compiled, others: ruleset.others, now: host.now)
            }
            guard only.areas.contains(.listeners) else { return findings }
            let live = LiveRuleset(ruleset, drift: drift, now: host.now)
            return findings + live.audit(of: try host.readSockets(), policy)
        }
    }

    private static func summary(_ findings: [Finding], _ policy: Policy, _ ruleset: Result<WholeRuleset, StoreError>)
        -> String
    {
        let counts = Finding.Severity.allCases.map { severity in
            (findings.count { $0.severity == severity }, severity.rawValue)
        }.filter { $0.0 > 0 }
        guard counts.isEmpty else { return "verify: " + counts.map { counted($0.0, $0.1) }.joined(separator: ", ") }
        let generation = (try? ruleset.get()).map { ", generation \($0.generation)" } ?? ""
        return "in sync: \(counted(policy.services.count, "service"))\(generation)"
    }
}
