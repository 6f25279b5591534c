public import ArgumentParser
internal import Auditing
internal import Changes
internal import Kernel
internal import Policies
internal import Printing
internal import System

/// `portreeve verify`: compares the kernel, the listening sockets and the sessions with the policy.
public struct Verify: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "verify", _superCommandName: Portreeve.name,
        abstract:
            "Compare the live ruleset, the listeners and the sessions with the policy; exit 2 if something differs.",
        usage: "portreeve verify [<policy>] [options]",
        discussion: "portreeve-findings(7) lists all findings, and what to do about each."
    )

    @Option(
        help: ArgumentHelp("Check only these, separated by commas: ruleset, listeners, sessions.", valueName: "areas"),
        completion: .list(AreaList.names), transform: AreaList.argument)
    var only: AreaList = .all

    @Flag(help: "Read every set again, even if the ruleset has not changed since the last run.")
    var full = false

    @Option(
        name: .customLong("output"),
        help: ArgumentHelp("Write to this file, atomically, instead of standard output.", valueName: "file"),
        completion: .file())
    var file: String?

    @Option(
        help: ArgumentHelp(
            "Print the changes since the run that wrote this file, and update the file.", valueName: "file"),
        completion: .file())
    var news: String?

    @Flag(help: "With --news, exit 2 only if a finding is new: for OnFailure= of a unit.")
    var failOnNews = false

    @Flag(help: "Keep running and print news within a second, until a signal ends it.")
    var watch = false

    @Flag(
        help: "Show each finding by itself, how it could be accepted, and entries of \"accepted\" that match nothing.")
    var verbose = false

    /// The supported formats.
    public static var formats: [OutputFormat] { VerifyFormats.formats }

    @OptionGroup var formatted: FormattedOutput<VerifyFormats>
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// The output options.
    public var output: OutputOptions { formatted.options }

    /// Only with --news.
    public var makesChange: Bool { news != nil }

    /// Rejects options that contradict each other.
    public func validate() throws {
        if failOnNews && news == nil { throw ValidationError("--fail-on-news needs --news") }
        if watch {
            if failOnNews { throw ValidationError("--watch and --fail-on-news cannot be used together") }
            if file != nil { throw ValidationError("--watch prints continuously: redirect standard output instead") }
            if ![.text, .json].contains(output.format) { throw ValidationError("--watch needs --format text or json") }
        }
        guard news != nil, ![.text, .json].contains(output.format) else { return }
        throw ValidationError("--news needs --format text or json; monitoring systems keep their own record")
    }

    /// Compares, and reports each difference.
    public func execute(on host: Host) throws -> ExitStatus {
        var options = output
        if file != nil { options.color = .never }
        let console = Console(host, options, writesFile: file != nil)
        try policy.requireOther(than: file)
        if let news, try !host.files.lock(news) {
            throw CommandError(.failure, "another run is using \(news.printable); nothing was verified: try again")
        }
        // The state directory depends on the namespace, which opening the ruleset enters.
        let store = try full ? host.openStore(kernel.netns) : kernel.openStore(on: host)
        if watch { return try follow(in: store, on: host, console) }
        var usage = UsageFollowing()
        let report = try report(in: store, on: host, console, &usage)
        if let news {
            let hasNews = try tell(news, report, on: host, console)
            if failOnNews { return hasNews ? .difference : .success }
        } else {
            try write(lines(report, on: host, console), on: host, console)
            if output.format == .text, !console.isQuiet, let waiting = report.waiting {
                console.note("portreeve: \(waiting.text)")
            }
        }
        if output.format != .text, let unrecorded = report.unrecorded {
            console.note("portreeve: warning: \(unrecorded.text)")
        }
        return output.format == .nagios ? report.nagiosStatus : report.status
    }

    /// Compares the host with the policy.
    func report(
        in store: any RulesetStore, on host: Host, _ console: Console, _ usage: inout UsageFollowing
    ) throws -> VerificationReport {
        settleOverdue(in: store, on: host, console)
        host.progress("comparing the ruleset with the policy…")
        var verification = try kernel.comparison(in: store, on: host) {
            try Verification(
                policy.loadVerified(on: host, kernel, in: store, console), only.areas, in: store,
                grants: kernel.grants(on: host), isFull: full, now: host.now)
        }
        if !watch { policy.noteOtherHost(verification.verified, on: host, console) }
        let doubts = usage.follow(&verification, kernel, on: host)
        host.progress("comparing the listeners and the connections with the policy…")
        verification.names = kernel.names(on: host)
        let waiting = try? kernel.existingState(on: host)?.waiting(in: store)
        verification.absence = kernel.absence(of: verification, in: store, on: host)
        var report = VerificationReport(
            verification,
            try (verification.findings(host.surroundings) + doubts).map { host.invocation.completing($0) },
            now: host.now, withUnused: verbose)
        report.waiting = waiting
        if report.hasDrift { report.unrecorded = kernel.unrecorded(verification.rulesets?.own.table, on: host) }
        if output.format == .prometheus {
            report.facts = facts(of: verification.verified.policy, report.waiting, on: host)
        }
        return report
    }

    /// Undoes a change whose undo is overdue; a failure is a message, since the verification works without it.
    private func settleOverdue(in store: any RulesetStore, on host: Host, _ console: Console) {
        guard host.isRoot else { return }
        do { try kernel.settleOverdue(in: store, on: host, console) } catch { console.note("portreeve: \(error)") }
    }

    /// What metrics say of the host; a change that waits is unknown to a user who may not read the state.
    private func facts(of policy: Policy, _ waiting: WaitingChange?, on host: Host) -> HostFacts {
        let active = kernel.grants(on: host).active.count
        return HostFacts(policy, grants: active, undo: waiting.map { host.now + $0.seconds })
    }

    private func lines(_ report: VerificationReport, on host: Host, _ console: Console) -> [String] {
        switch output.format {
        case .text, .html, .csv: report.lines(console)
        case .json: [report.json.text]
        case .nagios: report.nagiosLines
        case .prometheus: report.prometheusLines
        case .junit: report.junit(on: host.ownName).lines
        case .sarif: [report.sarif.json.text]
        }
    }

    /// Prints the changes since the previous run; once they are printed, records this run.
    ///
    /// - Returns: whether an error or a warning is new.
    private func tell(_ path: String, _ report: VerificationReport, on host: Host, _ console: Console) throws -> Bool {
        let news = try record(path, on: host).news(in: report.findings)
        try write(console.isJSON ? [news.json.text] : newsLines(news, report, console), on: host, console)
        try host.files.replace(path, FindingRecord(report.findings).file)
        return news.appeared.contains { $0.severity != .notice }
    }

    /// The findings of the previous run in the file of `--news`.
    func record(_ path: String, on host: Host) throws -> FindingRecord {
        guard let record = FindingRecord(try host.files.record(path, !policy.allowInsecurePermissions)) else {
            throw CommandError(.failure, "\(path.printable) exists and is not a file of --news: name another file")
        }
        return record
    }

    func write(_ lines: [String], on host: Host, _ console: Console) throws(KernelError) {
        let text = console.printable(lines.map { $0 + "\n" }.joined())
        if let file { try host.files.replace(file, text) } else if !text.isEmpty { host.standardOutput(text) }
    }

    /// Reports a failure in the format of the monitoring system.
    public func fail(_ message: String, _ status: ExitStatus, on host: Host) -> ExitStatus {
        let console = Console(host, output)
        console.note("portreeve: \(message)", .error)
        switch output.format {
        case .nagios:
            try? write([VerificationReport.nagiosFailure(message)], on: host, console)
            return .nagiosUnknown
        case .prometheus:
            try? write(VerificationReport.prometheusRun(isSuccess: false, now: host.now), on: host, console)
            return status
        case .junit:
            let report = VerificationReport.junitFailure(message, on: host.ownName, now: host.now)
            try? write(report.lines, on: host, console)
            return status
        case .sarif:
            try? write([VerificationReport.sarifFailure(message).json.text], on: host, console)
            return status
        case .text, .json, .html, .csv: return status
        }
    }
}
