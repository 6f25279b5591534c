internal import Glibc

/// The streams that every process has, unless its parent closed them.
public enum StandardStream: Int32, Sendable, CaseIterable {
    /// Answers.
    case input
    /// Results.
    case output
    /// Messages.
    case error

    /// Opens something in the place of each stream that is closed, so that no policy and no socket gets its number.
    ///
    /// To be called before anything is opened: the lowest free number is then the missing one. Reading from an input so opened
    /// fails, and so does writing to an output.
    public static func occupy() {
        for stream in allCases where fcntl(stream.rawValue, F_GETFD) < 0 {
            if stream == .input, unsafe open("/dev/null", O_WRONLY) >= 0 { continue }
            // Nothing but a directory is sure to be there.
            _ = unsafe open("/", O_RDONLY | O_DIRECTORY)
        }
    }

    /// Writes all of `text`, also into a pipe that makes its writers come again.
    ///
    /// An empty text writes nothing, and finds out whether something could be written.
    ///
    /// - Throws: `io`, for a full disk or a reader that went away.
    public func write(_ text: String) throws(KernelError) {
        var rest = Array(text.utf8)[...]
        do throws(SystemError) {
            if isBroken { throw SystemError(code: EPIPE) }
            repeat {
                let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
                if count >= 0 { rest = rest.dropFirst(count) } else { try wait(after: .last) }
            } while !rest.isEmpty
        } catch { throw error.during("writing to standard \(self)") }
    }

    /// Whether nothing reads the pipe any more.
    private var isBroken: Bool {
        var request = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&request, 1, 0) > 0 && request.revents & Int16(POLLERR) != 0
    }

    /// Waits until it is worth trying again.
    private func wait(after error: SystemError) throws(SystemError) {
        if error.code == EINTR { return }
        guard error.code == EAGAIN else { throw error }
        var request = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&request, 1, -1)
    }
}
