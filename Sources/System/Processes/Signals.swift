internal import Glibc

/// The signals that end processes.
public enum Signals {
    /// Ignores the signals by which the kernel ends a process that writes.
    ///
    /// `SIGPIPE` comes from a pipe without a reader, `SIGXFSZ` beyond the length that a file may have (`RLIMIT_FSIZE`). The write
    /// fails then, and the command can say so and take away what it began.
    public static func ignoreFailedWrites() { for number in [SIGPIPE, SIGXFSZ] { _ = signal(number, SIG_IGN) } }

    /// Ignores those that the end of a terminal or a session brings, and keeps `SIGTERM` for `waitForTermination`.
    public static func outliveSession() {
        for number in [SIGHUP, SIGINT, SIGQUIT, SIGTSTP] { _ = signal(number, SIG_IGN) }
        var set = terminations
        _ = unsafe sigprocmask(SIG_BLOCK, &set, nil)
    }

    /// Waits, at most this long in milliseconds, for somebody to end this process; whether somebody did.
    public static func waitForTermination(milliseconds: Int64) -> Bool {
        var set = terminations
        var time = timespec(
            tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
        return unsafe sigtimedwait(&set, nil, &time) == SIGTERM
    }

    private static var terminations: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGTERM)
        return set
    }
}
