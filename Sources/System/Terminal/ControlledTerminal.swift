internal import CLinux
internal import Glibc

/// The terminal of the standard streams, whose keys come one by one and without an echo while it is seized.
struct ControlledTerminal {
    /// The signals that end a process, and those that a screen must know of.
    private static let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    private static let others = [SIGTSTP, SIGWINCH]
    /// The settings of the terminal before, for the end of the process.
    nonisolated(unsafe) private static var former: termios?
    /// The writing end of the pipe by which a handler tells of its signal.
    nonisolated(unsafe) private static var messages: Int32 = -1

    private let signals: Int32

    /// Finds the terminal; changes nothing.
    init() throws(KernelError) {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, HostCalls.variable("TERM") != "dumb" else {
            throw KernelError(
                .io, "painting the screen", answer: "--watch needs a terminal",
                advice: "run it in one, or leave out --watch")
        }
        do throws(SystemError) {
            let (reading, writing) = try File.pipe()
            signals = reading
            unsafe Self.messages = writing
        } catch { throw error.during("opening a pipe for signals") }
        atexit { ControlledTerminal.restore() }
    }

    /// The size now.
    var size: TerminalSize {
        var size = winsize()
        let isKnown = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 0 && size.ws_col > 0
        return isKnown
            ? TerminalSize(rows: Int(size.ws_row), columns: Int(size.ws_col)) : TerminalSize(rows: 24, columns: 80)
    }

    /// Changes the settings of the terminal, and handles its signals.
    func seize() throws(KernelError) {
        var settings = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else {
            throw SystemError.last.during("reading the settings of the terminal")
        }
        unsafe Self.former = settings
        for number in Self.ending + Self.others { Self.handle(number) }
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        guard unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) == 0 else {
            throw SystemError.last.during("changing the settings of the terminal")
        }
    }

    /// Gives the terminal back as it was.
    func release() {
        Self.restore()
        for number in Self.ending + Self.others { _ = signal(number, SIG_DFL) }
    }

    /// Stops the process, as its user wants, until it is continued.
    func stop() { raise(SIGTSTP) }

    /// Ends the process by this signal.
    func end(by number: Int32) { raise(number) }

    /// Waits for a key, a signal or the end of `milliseconds`.
    func nextEvent(within milliseconds: Int32) -> TerminalEvent {
        var requests = [STDIN_FILENO, signals].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while unsafe poll(&requests, nfds_t(requests.count), milliseconds) < 0 { if errno != EINTR { return .quit } }
        if requests[1].revents != 0 { return event(of: Self.byte(from: signals)) }
        guard requests[0].revents != 0 else { return .repaint }
        // The end of input: the terminal is gone.
        guard let key = Self.byte(from: STDIN_FILENO) else { return .quit }
        return [UInt8(ascii: "q"), UInt8(ascii: "Q")].contains(key) ? .quit : .repaint
    }

    private func event(of signal: UInt8?) -> TerminalEvent {
        guard let number = signal.map(Int32.init) else { return .repaint }
        if Self.ending.contains(number) { return .end(number) }
        return number == SIGTSTP ? .stop : .repaint
    }

    private static func byte(from descriptor: Int32) -> UInt8? {
        var byte: UInt8 = 0
        return unsafe read(descriptor, &byte, 1) == 1 ? byte : nil
    }

    private static func restore() {
        guard var settings = unsafe former else { return }
        unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        unsafe former = nil
    }

    /// Has the signal told to `nextEvent`; a handler may do little more than write.
    private static func handle(_ number: Int32) {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { number in
            let before = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = unsafe write(ControlledTerminal.messages, &byte, 1)
            errno = before
        }
        action.sa_flags = SA_RESTART
        unsafe sigaction(number, &action, nil)
    }
}
