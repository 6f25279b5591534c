internal import CLinux
internal import Glibc

/// One line on the terminal of messages about what takes long.
///
/// The line appears after a second, is rewritten in its place, and is erased before any other text. A timer's signal draws
/// it the first time, since the process may be busy: a second thread could write between two pieces of other text.
public enum ProgressLine {
    /// Seconds until the line appears.
    private static let patience = 1
    private static let capacity = 256
    /// The bytes to draw; the handler may not allocate.
    nonisolated(unsafe) private static let line = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    nonisolated(unsafe) private static var length = 0
    nonisolated(unsafe) private static var (isArmed, isSlow, isDrawn) = (false, false, false)

    /// Sets the line, which is drawn once the process has worked for a second.
    public static func show(_ text: String) {
        uninterrupted {
            let columns = StandardStream.error.columns ?? 0
            set("\r" + text.prefix(max(0, columns - 1)) + "\u{1b}[K")
            if unsafe isSlow { draw() } else if unsafe !isArmed { arm() }
        }
    }

    /// Erases the line.
    public static func clear() {
        guard unsafe isArmed else { return }
        uninterrupted {
            if unsafe isDrawn {
                set("\r\u{1b}[K")
                draw()
            }
            unsafe (length, isDrawn) = (0, false)
        }
    }

    private static func set(_ text: String) {
        let bytes = text.utf8.prefix(capacity)
        for (index, byte) in bytes.enumerated() { unsafe line[index] = byte }
        unsafe length = bytes.count
    }

    /// Draws the line; nothing is done about a terminal that is gone, since the next message finds out.
    private static func draw() {
        guard unsafe length > 0 else { return }
        _ = unsafe write(STDERR_FILENO, line, length)
        unsafe isDrawn = true
    }

    /// Draws the line the first time, in the handler of the timer's signal.
    private static func drawLate() {
        let before = errno
        unsafe isSlow = true
        draw()
        errno = before
    }

    private static func arm() {
        unsafe isArmed = true
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { _ in ProgressLine.drawLate() }
        action.sa_flags = SA_RESTART
        unsafe sigaction(SIGALRM, &action, nil)
        var timer = itimerval()
        timer.it_value.tv_sec = patience
        unsafe setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }

    /// Does something that the handler must not interrupt.
    private static func uninterrupted(_ body: () -> Void) {
        var (alarm, before) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&alarm)
        unsafe sigaddset(&alarm, SIGALRM)
        unsafe pthread_sigmask(SIG_BLOCK, &alarm, &before)
        body()
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}
