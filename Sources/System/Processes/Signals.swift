internal import CLinux
internal import Glibc

/// Signals that end processes.
public enum Signals {
    /// Ignores the signals that would kill a process that writes.
    ///
    /// `SIGPIPE` comes from a pipe without a reader, `SIGXFSZ` from a file longer than `RLIMIT_FSIZE`. With the signals
    /// ignored, the write fails, and the command can report the error and clean up.
    public static func ignoreFailedWrites() { for number in failedWrites { _ = signal(number, SIG_IGN) } }

    /// The signals of failed writes.
    static let failedWrites = [SIGPIPE, SIGXFSZ]

    /// Ignores the signals at the end of a terminal or session, and blocks `SIGTERM` for `waitForTermination`.
    public static func outliveSession() {
        for number in [SIGHUP, SIGINT, SIGQUIT, SIGTSTP] { _ = signal(number, SIG_IGN) }
        ProcessCalls.blockTermination()
    }

    /// Waits until standard input can be read; a signal that would end the process ends it after `farewell`.
    ///
    /// The process ends by that signal, as a shell expects, so that a script ends, too.
    public static func awaitInput(orAfter farewell: () -> Void) {
        var former = sigset_t()
        if unsafe shim_await_input(STDIN_FILENO, &former) != 0 { farewell() }
        unsafe pthread_sigmask(SIG_SETMASK, &former, nil)
    }

    /// Waits for `SIGTERM`, at most this many milliseconds; returns whether it came.
    public static func waitForTermination(milliseconds: Int64) -> Bool {
        ProcessCalls.awaitTermination(milliseconds: milliseconds)
    }
}
