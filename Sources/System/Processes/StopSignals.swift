internal import CLinux
internal import Glibc

/// What ended a wait.
public enum Wakening: Hashable, Sendable {
    /// The time is over.
    case timeOver
    /// One of the descriptors can be read.
    case readable
    /// A signal asks the process to end.
    case stop
}

/// The signals that ask a process to end, which a process that goes on takes between two steps.
///
/// A second one ends it at once, in case that a step never ends.
public enum StopSignals {
    /// The writing end of the pipe by which a handler tells of its signal.
    nonisolated(unsafe) private static var messages: Int32 = -1
    /// The reading end; `nil` if no pipe could be opened, so that signals end the process.
    private static let pipe: Int32? = {
        guard let (reading, writing) = try? File.pipe() else { return nil }
        unsafe messages = writing
        for number in [SIGINT, SIGTERM, SIGHUP] { handle(number) }
        return reading
    }()

    /// Whether the signals wait.
    nonisolated(unsafe) public private(set) static var isPrepared = false

    /// Has the signals wait from now on.
    public static func prepare() {
        unsafe isPrepared = true
        _ = pipe
    }

    /// Waits until one of the descriptors can be read, at most this many milliseconds; without a limit if negative.
    public static func wait(for descriptors: [Int32], milliseconds: Int32) -> Wakening {
        var requests = (descriptors + [pipe ?? -1]).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let end = Uptime.milliseconds + Int64(milliseconds)
        var rest = milliseconds
        while unsafe poll(&requests, nfds_t(requests.count), rest) < 0 {
            guard errno == EINTR else { return .stop }
            if milliseconds >= 0 { rest = Int32(clamping: max(0, end - Uptime.milliseconds)) }
        }
        if requests.last?.revents != 0 { return .stop }
        return requests.contains { $0.revents != 0 } ? .readable : .timeOver
    }

    private static func handle(_ number: Int32) {
        var (action, former) = (sigaction(), sigaction())
        guard unsafe sigaction(number, nil, &former) == 0 else { return }
        // As nohup(1) wants.
        if isIgnored(former) { return }
        unsafe action.__sigaction_handler.sa_handler = { _ in
            let before = errno
            var byte: UInt8 = 1
            _ = unsafe write(StopSignals.messages, &byte, 1)
            errno = before
        }
        action.sa_flags = SA_RESTART | Int32(bitPattern: UInt32(SA_RESETHAND))
        unsafe sigaction(number, &action, nil)
    }

    private static func isIgnored(_ action: sigaction) -> Bool {
        unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
