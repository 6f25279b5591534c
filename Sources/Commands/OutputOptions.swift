public import ArgumentParser
internal import Policies
internal import Printing

/// When to use colours.
public enum ColorChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// On a terminal, unless NO_COLOR is set.
    case auto
    /// Always.
    case always
    /// Never.
    case never
}

/// What the parser would derive from the cases: looking up their conformances takes a hundred microseconds at every start.
extension ColorChoice {
    /// The choice of this name.
    public init?(argument: String) { self.init(rawValue: argument) }

    /// The name.
    public var defaultValueDescription: String { rawValue }

    /// The names.
    public static var allValueStrings: [String] { allCases.map { $0.rawValue } }

    /// None: the names describe themselves.
    public static var allValueDescriptions: [String: String] { [:] }
}

/// Options of every command.
public struct OutputOptions: ParsableArguments, Sendable {
    @Option(
        name: .customLong("format"),
        help: ArgumentHelp("The format of results: text or json.", valueName: "format"),
        completion: .list(["text", "json"]), transform: PlainFormats.argument)
    var chosen: OutputFormat?

    @Flag(name: .shortAndLong, help: "Print nothing when all is well.")
    var quiet = false

    @Option(help: ArgumentHelp("When to use colours.", valueName: "when"))
    var color: ColorChoice = .auto

    /// The options with their defaults.
    public init() {}

    /// The format; text unless one is chosen.
    var format: OutputFormat {
        get { chosen ?? .text }
        set { chosen = newValue }
    }
}

/// The formats of a command that has others than text and JSON; the first one is the default.
protocol FormatChoice: Sendable {
    static var formats: [OutputFormat] { get }
}

extension FormatChoice {
    /// The help of `--format`.
    fileprivate static var help: String { "The format of results: \(list)." }

    /// The names of the formats: `text or json`.
    static var list: String { formats.map(\.rawValue).joined(conjunction: "or") }

    /// The format of this name; that of another command is refused by the command itself.
    static func argument(_ text: String) throws -> OutputFormat {
        if let format = OutputFormat(rawValue: text) { return format }
        let repair = Spelling.nearest(to: text, among: formats.map(\.rawValue)).map { ", did you mean \"\($0)\"?" }
        throw ValidationError("write \(list)\(repair ?? "")")
    }
}

/// The options of every command, for one with further formats.
struct FormattedOutput<Choice: FormatChoice>: ParsableArguments {
    @Option(
        name: .customLong("format"), help: ArgumentHelp(Choice.help, valueName: "format"),
        completion: .list(Choice.formats.map(\.rawValue)), transform: Choice.argument)
    var chosen: OutputFormat?

    @Flag(name: .shortAndLong, help: "Print nothing when all is well.")
    var quiet = false

    @Option(help: ArgumentHelp("When to use colours.", valueName: "when"))
    var color: ColorChoice = .auto

    /// The same as the options of any command.
    var options: OutputOptions {
        var options = OutputOptions()
        (options.chosen, options.quiet, options.color) = (chosen, quiet, color)
        return options
    }
}

/// The formats of most commands.
enum PlainFormats: FormatChoice {
    static let formats: [OutputFormat] = [.text, .json]
}

/// The formats of `verify`.
enum VerifyFormats: FormatChoice {
    static let formats: [OutputFormat] = [.text, .json, .nagios, .prometheus, .junit, .sarif]
}

/// The formats of `check`.
enum CheckFormats: FormatChoice {
    static let formats: [OutputFormat] = [.text, .json, .junit, .sarif]
}

/// The formats of `probe`.
enum ProbeFormats: FormatChoice {
    static let formats: [OutputFormat] = [.text, .json, .junit]
}

/// The formats of `report`.
enum ReportFormats: FormatChoice {
    static let formats: [OutputFormat] = [.html, .json, .csv]
}
