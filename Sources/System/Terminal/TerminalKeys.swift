internal import Glibc

/// The keys of the terminal for a command that goes on and prints lines: they come one by one and without an echo.
///
/// Keys that interrupt stay signals.
public final class TerminalKeys {
    /// The settings of the terminal before, for the end of the process.
    nonisolated(unsafe) private static var former: termios?

    /// Takes the keys; `nil` if input or output is no terminal, or if the process is in the background.
    public init?() {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, Self.isInForeground else { return nil }
        var settings = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        unsafe Self.former = settings
        atexit { TerminalKeys.restore() }
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        guard unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) == 0 else { return nil }
    }

    deinit { Self.restore() }

    /// The descriptors that can be read once a key was pressed; none in the background, where reading would stop the process.
    public var descriptors: [Int32] { Self.isInForeground ? [STDIN_FILENO] : [] }

    /// Reads the keys that were pressed; returns whether one of them is `q`, or whether the terminal is gone.
    public func hasQuit() -> Bool {
        while Self.isInForeground {
            var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&request, 1, 0) > 0 else { return false }
            var key: UInt8 = 0
            guard unsafe read(STDIN_FILENO, &key, 1) == 1 else { return true }
            if [UInt8(ascii: "q"), UInt8(ascii: "Q")].contains(key) { return true }
        }
        return false
    }

    private static var isInForeground: Bool { tcgetpgrp(STDIN_FILENO) == getpgrp() }

    private static func restore() {
        guard var settings = unsafe former, isInForeground else { return }
        unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        unsafe former = nil
    }
}
