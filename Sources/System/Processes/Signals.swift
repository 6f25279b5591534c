internal import Glibc

/// The signals by which sessions and their masters end processes.
public enum Signals {
    /// Ignores those that the end of a terminal or a session brings, and keeps `SIGTERM` for `waitForTermination`.
    public static func outliveSession() {
        for number in [SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGPIPE] { _ = signal(number, SIG_IGN) }
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
