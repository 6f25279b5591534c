internal import Policies
internal import Printing

/// Writes results and messages in the requested format.
struct Console {
    /// Colours and styles, as SGR parameters of ECMA-48.
    enum Style: String {
        case bold = "1"
        case faint = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    /// The priorities of the journal, syslog(3); a line without one is information.
    enum Priority: Int {
        case error = 3
        case warning = 4
        case notice = 5
    }

    private let host: Host
    private let options: OutputOptions
    /// Whether results go to a file of their own.
    private let writesFile: Bool

    init(_ host: Host, _ options: OutputOptions, writesFile: Bool = false) {
        self.host = host
        self.options = options
        self.writesFile = writesFile
    }

    var isJSON: Bool { options.format == .json }

    var isQuiet: Bool { options.quiet }

    /// A console without colours and of any width, for text that is saved.
    var plain: Console {
        var (host, options) = (host, options)
        (options.color, options.format) = (.never, .text)
        host.outputColumns = nil
        return Console(host, options)
    }

    /// The columns that a line of text may have; `nil` for a pipe or a file, where nothing is cut.
    var columns: Int? { writesFile || options.format != .text ? nil : host.outputColumns }

    /// Whether results are coloured.
    var colorsOutput: Bool { colors(host.outputColumns != nil) && !isJSON }

    /// Whether messages are coloured.
    var colorsErrors: Bool { colors(host.isErrorTerminal) }

    private func colors(_ isTerminal: Bool) -> Bool {
        switch options.color {
        case .always: true
        case .never: false
        case .auto: isTerminal && !host.forbidsColor
        }
    }

    /// Prints a result in lines, which are broken between words on a terminal.
    func print(_ text: String) { host.standardOutput(printable(text) + "\n") }

    /// A console for what was changed.
    var forOutcome: Console {
        var host = host
        host.standardOutput = host.outcomes ?? host.standardOutput
        return Console(host, options, writesFile: writesFile)
    }

    /// Prints what a change would do, before a question: on the terminal of messages, too, if no one reads the results.
    func propose(_ text: String, isAsked: Bool) {
        (host.proposals ?? host.standardOutput)(printable(text) + "\n")
        if isAsked, host.hidesOutput, host.isErrorTerminal { note(text) }
    }

    /// Results in lines that fit the terminal, without what could control it but their own styles.
    func printable(_ text: String) -> String {
        let text = host.invocation.completing(text).printableLines(keepsStyles: colorsOutput)
        return columns.map(text.wrapped) ?? text
    }

    /// Prints text of a file as it is, without what could control the terminal.
    func copy(_ text: String) { host.standardOutput(text.printableLines()) }

    /// Prints a result for programs.
    func print(_ json: JSON) { host.standardOutput(json.completed(by: host.invocation).text + "\n") }

    /// Ends the command if standard output cannot be written, before the command changes anything.
    func requireOutput() { if isJSON || !isQuiet { (host.proposals ?? host.standardOutput)("") } }

    /// Prints a message, which is broken between words on a terminal.
    func note(_ text: String, _ priority: Priority = .warning) {
        let text = host.invocation.completing(text).printableLines(keepsStyles: colorsErrors)
        let columns = host.isErrorTerminal ? columns : nil
        put(columns.map(text.wrapped) ?? text, priority)
    }

    /// Prints a diagnostic, whose caret stands below the line of a file, which is cut on a terminal.
    func quote(_ diagnostic: Diagnostic, _ priority: Priority) {
        var diagnostic = diagnostic
        let columns = host.isErrorTerminal ? columns : nil
        if let columns { diagnostic.excerpt = diagnostic.excerpt?.cut(to: columns) }
        let text = diagnostic.rendered(color: colorsErrors).printableLines(keepsStyles: colorsErrors)
        let message = text.prefix { $0 != "\n" }
        put((columns.map(String(message).wrapped) ?? String(message)) + text[message.endIndex...], priority)
    }

    private func put(_ message: String, _ priority: Priority) {
        host.standardError(Self.text(message, priority, isJournal: host.isErrorJournal) + "\n")
    }

    /// Whether results go to the journal, which has the time of each line.
    var isJournal: Bool { host.isOutputJournal && !writesFile }

    /// A result of this priority, as the journal expects it if results go there.
    func prioritized(_ text: String, _ priority: Priority) -> String {
        Self.text(text, priority, isJournal: isJournal)
    }

    /// Each line with the prefix of sd-daemon(3), for the journal.
    private static func text(_ text: String, _ priority: Priority, isJournal: Bool) -> String {
        guard isJournal else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { "<\(priority.rawValue)>\($0)" }
            .joined(separator: "\n")
    }

    /// One line of `text` in a style, if results are coloured.
    func styled(_ text: String, _ style: Style) -> String {
        colorsOutput ? "\u{1b}[\(style.rawValue)m\(text.printable)\u{1b}[0m" : text.printable
    }
}
