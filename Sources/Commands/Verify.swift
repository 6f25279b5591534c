public import ArgumentParser
internal import Auditing
internal import Compiler
internal import Policies
internal import Rulesets

/// A part of what `verify` can cross-check.
public enum VerifiedArea: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// The kernel's ruleset.
    case ruleset
}

/// `portreeve verify`: cross-checks the kernel with the policy.
public struct Verify: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        abstract: "Cross-check the live ruleset with the policy; exit 2 when something differs.")

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions
    /// How it writes.
    @OptionGroup public var output: OutputOptions

    @Option(help: ArgumentHelp("Check only these, separated by commas: ruleset.", valueName: "areas"))
    var only: AreaList = AreaList(areas: VerifiedArea.allCases)

    /// A command to be filled by the parser.
    public init() {}

    /// Compares, and reports each difference.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        let policy = try policy.load(on: host, console)
        var store = try host.openStore(kernel.netns)
        let compiled = compile(policy)
        let snapshot = try store.snapshot(of: Names.table, expecting: [compiled.table])
        let drift = [Finding].drift(of: snapshot.table, from: compiled)
        let findings = drift + .expiries(of: policy, now: host.now)
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

/// Areas as the command line lists them.
struct AreaList: ExpressibleByArgument, Sendable {
    let areas: [VerifiedArea]

    init(areas: [VerifiedArea]) { self.areas = areas }

    init?(argument: String) {
        let names = argument.split(separator: ",", omittingEmptySubsequences: false)
        let areas = names.compactMap { VerifiedArea(rawValue: String($0)) }
        guard areas.count == names.count else { return nil }
        self.areas = areas
    }
}

extension Finding {
    /// The finding as compilers print theirs: place, severity, message, and its id in brackets.
    fileprivate func text(_ console: Console) -> String {
        let place = policy.map { "\($0.file):\($0.line): " } ?? ""
        let style: Console.Style = severity == .error ? .red : severity == .warning ? .yellow : .cyan
        return "\(place)\(console.styled("\(severity.rawValue):", style)) \(message) [\(identifier.rawValue)]"
    }

    fileprivate var json: JSON {
        var members: [(String, JSON)] = [
            ("id", .string(identifier.rawValue)), ("severity", .string(severity.rawValue)),
            ("message", .string(message)),
        ]
        for (key, value) in [("service", service), ("table", table), ("chain", chain), ("set", set)] {
            if let value { members.append((key, .string(value))) }
        }
        if let policy { members.append(("policy", ["file": .string(policy.file), "line": .number(policy.line)])) }
        return .object(members)
    }
}
