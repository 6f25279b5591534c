public import ArgumentParser
internal import Auditing
internal import Changes
internal import Policies
internal import Printing
internal import System

/// `portreeve report`: one document about a host, or about several, for people.
public struct Report: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "report", _superCommandName: Portreeve.name,
        abstract: "Write a one-page report on this host, or on several hosts from their JSON reports.",
        usage: "portreeve report [<policy> | <file> ...] [options]",
        discussion: """
              portreeve report --output host.html        this host: what is open, and why
              portreeve report --format json > db1.json  the same for programs
              portreeve report *.json > all.html         many hosts, deviating ones first
            """)

    @Argument(
        help: ArgumentHelp("The policy file, or the JSON files of reports.", valueName: "policy"), completion: .file())
    var files: [String] = []

    @Flag(help: "As root, accept a policy or list that another user can write.")
    var allowInsecurePermissions = false

    @Option(
        name: .customLong("output"),
        help: ArgumentHelp("Write to this file, atomically, instead of standard output.", valueName: "file"),
        completion: .file())
    var file: String?

    @Flag(help: "Replace names of people, and addresses of single clients.")
    var redact = false

    /// A page, JSON or a table.
    public static var formats: [OutputFormat] { ReportFormats.formats }

    @OptionGroup var formatted: FormattedOutput<ReportFormats>
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// The output options.
    public var output: OutputOptions { formatted.options }

    /// Rejects files that do not go together.
    public func validate() throws {
        if file == nil, let result = files.first(where: { $0.hasSuffix(".html") || $0.hasSuffix(".csv") }) {
            throw ValidationError("to write the report into a file, name it with --output \(result.shellWord)")
        }
        guard !files.allSatisfy(\.isReport), files.count > 1 else { return }
        throw ValidationError("name one policy, or the JSON files of reports, whose names end in .json")
    }

    /// Collects, and writes.
    public func execute(on host: Host) throws -> ExitStatus {
        let format = output.chosen ?? .html
        if format == .html && file == nil && host.outputColumns != nil {
            throw CommandError(.usage, "a report is a page of HTML: name a file, as in \"--output report.html\"")
        }
        try policy.requireOther(than: file)
        let areReports = files.first?.isReport == true
        var documents = areReports ? try files.map { try read($0, on: host) } : [try document(on: host)]
        if redact { documents = documents.map { Redaction(of: $0).redacted($0) } }
        let text = text(documents, format)
        guard let file else {
            host.standardOutput(text)
            return .success
        }
        try host.files.replace(file, text)
        if !output.quiet { Console(host, output).note("report written to \(file.printable)", .notice) }
        return .success
    }

    private func text(_ documents: [JSON], _ format: OutputFormat) -> String {
        switch format {
        case .csv: return ReportTable(documents).text
        case .json where documents.count == 1: return documents[0].text + "\n"
        case .json: return JSON.object([("format_version", 1), ("hosts", .array(documents))]).text + "\n"
        default: return documents.count == 1 ? HostPage(documents[0]).text : FleetPage(documents).text
        }
    }

    private func read(_ path: String, on host: Host) throws -> JSON {
        guard let text = try host.files.read(path) else {
            throw CommandError(.failure, "there is no file \(path.printable)")
        }
        do {
            let document = try JSON(parsing: text)
            guard document["report"].string == ReportDocument.kind, document["format_version"].number == 1 else {
                throw CommandError(
                    .failure,
                    "\(path.printable) is not a portreeve report: \"portreeve report --format json\" writes one")
            }
            return document
        } catch let fault as JSON.Fault {
            throw CommandError(.failure, "\(path.printable) is not valid JSON at byte \(fault.offset)")
        }
    }

    /// The policy of this host's report.
    var policy: PolicyOptions {
        PolicyOptions.of(
            files.first { !$0.isReport } ?? PolicyOptions.standardPath,
            allowsInsecurePermissions: allowInsecurePermissions)
    }

    private func document(on host: Host) throws -> JSON {
        var options = output
        options.format = .json
        let console = Console(host, options)
        let store = try host.openStore(kernel.netns)
        return try ReportDocument(
            verified: policy.loadVerified(on: host, kernel, in: store, console), kernel, store, on: host
        ).json.completed(by: host.invocation)
    }
}

extension String {
    /// Whether a file of this name is a report.
    fileprivate var isReport: Bool { hasSuffix(".json") }
}
