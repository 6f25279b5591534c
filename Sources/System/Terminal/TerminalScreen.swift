internal import CLinux
internal import Glibc

/// The size of a terminal in characters.
public struct TerminalSize: Hashable, Sendable {
    /// The number of lines.
    public var rows: Int
    /// The number of characters in a line.
    public var columns: Int

    /// A size of these parts.
    public init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }
}

/// The terminal of the standard streams as a screen that is repainted in place, until its user presses `q`.
///
/// It shows the alternate screen, and gives the former one back with the cursor and the settings of the terminal: at its end,
/// at an error, when the process exits, at the signals that end or stop a process.
public enum TerminalScreen {
    /// Milliseconds between two paintings.
    private static let pause: Int32 = 2000
    /// xterm's alternate screen, a hidden cursor, and long lines that end at the edge instead of in the next line (DECAWM).
    private static let (entry, exit) = ("\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l", "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l")

    /// Paints frames until `q`; a signal that ends the process does so once the terminal is as before.
    ///
    /// - Throws: `io` without a terminal, and the errors of `frame`.
    public static func run(_ frame: (TerminalSize) throws -> [String]) throws {
        let terminal = try ControlledTerminal()
        try terminal.seize()
        defer { terminal.release() }
        try StandardStream.output.write(entry)
        defer { try? StandardStream.output.write(exit) }
        var event = TerminalEvent.repaint
        repeat {
            if event == .stop {
                try leave(terminal) { terminal.stop() }
            } else if case .end(let signal) = event {
                try leave(terminal) { terminal.end(by: signal) }
            }
            let size = terminal.size
            try StandardStream.output.write(painting(try frame(size), size))
            event = terminal.nextEvent(within: pause)
        } while event != .quit
    }

    /// Gives the terminal back for `body`, and takes it again afterwards.
    private static func leave(_ terminal: ControlledTerminal, _ body: () -> Void) throws {
        try StandardStream.output.write(exit)
        terminal.release()
        body()
        try terminal.seize()
        try StandardStream.output.write(entry)
    }

    /// The lines from the top of the screen on; each line is erased first, and at the end what is below.
    ///
    /// Erased afterwards, a line as wide as the terminal would lose its last character, on which the cursor stays.
    private static func painting(_ lines: [String], _ size: TerminalSize) -> String {
        "\u{1b}[H" + lines.prefix(size.rows).map { "\u{1b}[K" + $0 }.joined(separator: "\r\n") + "\u{1b}[J"
    }
}

/// What happened while a screen was shown.
enum TerminalEvent: Equatable {
    /// The time for the next painting has come, or a key was pressed.
    case repaint
    /// The user wants to leave.
    case quit
    /// The user stopped the process, as with Control-Z.
    case stop
    /// A signal came that ends the process.
    case end(Int32)
}
