public import ArgumentParser
internal import Changes
internal import Kernel
internal import Policies
internal import Rulesets
internal import Printing
internal import System

/// `portreeve history`: the log of changes.
public struct History: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List the changes of the ruleset with their time, author and outcome.")

    @Option(help: ArgumentHelp("Show one change: its policy, its lists and its ruleset.", valueName: "number"))
    var show: Int?

    @OptionGroup var kernel: KernelOptions
    /// The output options.
    @OptionGroup public var output: OutputOptions

    /// Creates a command for the parser.
    public init() {}

    /// Lists the changes, newest first.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        if let netns = kernel.netns { try host.enter(netns) }
        guard let state = try kernel.existingState(on: host) else {
            if let show { throw ChangeLog.gone(show) }
            return report([], console)
        }
        let pending = try state.pending()
        if let show {
            let change = try LoggedChange(state.log.entry(show), in: state, pending)
            console.print(console.isJSON ? change.json(isWhole: true).text : change.text)
            return .success
        }
        return report(try state.log.entries().reversed().map { try LoggedChange($0, in: state, pending) }, console)
    }

    private func report(_ changes: [LoggedChange], _ console: Console) -> ExitStatus {
        if console.isJSON {
            let list = changes.map { $0.json(isWhole: false) }
            console.print(["format_version": 1, "changes": .array(list)])
        } else if changes.isEmpty {
            if !console.isQuiet { console.print("there are no changes yet") }
        } else {
            let lines = TextTable(
                [LoggedChange.headings] + changes.map(\.columns), cuttable: [4, 2], width: console.columns
            ).lines
            console.print(console.styled(lines[0], .bold))
            lines.dropFirst().forEach(console.print)
        }
        return .success
    }
}

/// A change with its outcome in words.
struct LoggedChange {
    private let entry: ChangeLog.Entry
    /// `nil` if the record cannot be read.
    private let record: ChangeRecord?
    /// Why the record cannot be read.
    private let fault: String
    /// The outcome in words.
    private let outcome: String

    init(_ entry: ChangeLog.Entry, in state: RulesetState, _ pending: PendingChange?) throws {
        self.entry = entry
        do {
            record = try state.log.record(entry)
            fault = ""
        } catch let error as ChangeError {
            record = nil
            fault = error.message
        } catch let error as KernelError {
            record = nil
            fault = "\(error)"
        }
        switch entry.outcome {
        case .prepared where pending?.number == entry.number:
            let rest = pending.map(state.remaining) ?? 0
            outcome = rest > 0 ? "pending, \(TimeSpan(seconds: rest / 1000).text) left" : "pending, overdue"
        case .prepared: outcome = "interrupted"
        case .confirmed, .undone, .renewed: outcome = entry.outcome.rawValue
        case .noted:
            let bans = try state.grants().bans
            let ban = bans.active.first { $0.change == entry.number }
            outcome = ban.map { "\(TimeSpan(seconds: bans.left($0) / 1000).text) left" } ?? "over"
        case .recorded:
            let grants = try state.grants()
            let grant = grants.active.first { $0.change == entry.number }
            outcome = grant.map { "\(TimeSpan(seconds: grants.left($0) / 1000).text) left" } ?? "over"
        }
    }

    static let headings = ["CHANGE", "TIME", "BY", "OUTCOME", "WHAT"]

    var columns: [String] {
        guard let record else {
            return [
                "\(entry.number)", "-", "-", outcome, "unreadable: run \"portreeve history --show \(entry.number)\"",
            ]
        }
        return ["\(entry.number)", UTCTime.text(record.time), record.author.text, outcome, record.summary]
    }

    /// The whole change for people.
    var text: String {
        guard let record else { return fault }
        let head = zip(Self.headings, columns).map { "# \($0.0.lowercased()): \($0.1.printable)" }
        let files = record.files.flatMap {
            ["", "# file: \($0.path.printable)", String(decoding: $0.text, as: UTF8.self)]
        }
        return (head + files).joined(separator: "\n")
    }

    /// The change for programs; with the policy and the ruleset if `isWhole`.
    func json(isWhole: Bool) -> JSON {
        var members: [(String, JSON)] = [
            ("change", .number(entry.number)), ("outcome", .string(entry.outcome.rawValue)),
        ]
        if isWhole { members.insert(("format_version", 1), at: 0) }
        guard let record else { return .object(members + [("fault", .string(fault))]) }
        members += [
            ("kind", .string(record.kind.rawValue)), ("time", .string(UTCTime.text(record.time))),
            ("user", .string(record.author.user)), ("login", JSON(record.author.login)),
            ("client", JSON(record.author.client)), ("summary", .string(record.summary)),
            ("origin", record.origin.map { .number($0) } ?? .null), ("generation", .number(Int(record.generation))),
        ]
        guard isWhole else { return .object(members) }
        let files = record.files.map { file -> JSON in
            ["path": .string(file.path), "text": .string(String(decoding: file.text, as: UTF8.self))]
        }
        return .object(members + [("files", .array(files)), ("ruleset", JSON(record.table?.nftText))])
    }
}
