internal import Glibc

/// A program of the host that is run to its end.
struct ProgramRun {
    /// The exit status; 128 and more if a signal ended the program, as in a shell.
    let status: Int32
    /// The text that it wrote to the stream that was captured.
    let text: String

    /// The most bytes of that text.
    private static let longest = 1 << 20
    /// The bytes of one read.
    private static let chunkLength = 4096

    /// Runs the program at `path` without an environment and without input, at most this many milliseconds; the output
    /// on the other stream is dropped.
    ///
    /// - Throws: the error of the start; `ETIMEDOUT` if it was ended because its time was over.
    init(
        _ path: String, _ arguments: [String], capturing stream: StandardStream, within milliseconds: Int64
    ) throws(SystemError) {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw .last }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        let number: pid_t
        do throws(SystemError) {
            number = try Self.spawn(path, arguments, stream, to: ends[1])
            close(ends[1])
        } catch {
            close(ends[1])
            throw error
        }
        let text = Self.read(ends[0], until: Uptime.milliseconds + milliseconds)
        if text == nil { kill(number, SIGKILL) }
        var code: Int32 = 0
        while unsafe waitpid(number, &code, 0) < 0 && errno == EINTR {}
        guard let text else { throw SystemError(code: ETIMEDOUT) }
        // wait(2): the low seven bits are the signal, the next byte is the exit status.
        status = code & 0x7f == 0 ? code >> 8 & 0xff : 128 + code & 0x7f
        self.text = text
    }

    private static func spawn(
        _ path: String, _ arguments: [String], _ stream: StandardStream, to end: Int32
    ) throws(SystemError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for other in StandardStream.allCases where other != stream {
            unsafe posix_spawn_file_actions_addopen(&actions, other.rawValue, "/dev/null", O_RDWR, 0)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, end, stream.rawValue)
        var vector = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe vector.forEach { unsafe free($0) } }
        var environment: [UnsafeMutablePointer<CChar>?] = unsafe [nil]
        var number: pid_t = 0
        let code = unsafe posix_spawn(&number, path, &actions, nil, &vector, &environment)
        guard code == 0 else { throw SystemError(code: code) }
        return number
    }

    /// The text until the program closes the pipe; `nil` if it does not in time.
    private static func read(_ descriptor: Int32, until end: Int64) -> String? {
        var text: [UInt8] = []
        while true {
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let rest = max(0, end - Uptime.milliseconds)
            let count = unsafe poll(&request, 1, Int32(clamping: rest))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return nil }
            var chunk = [UInt8](repeating: 0, count: chunkLength)
            let got = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else { return String(decoding: text, as: UTF8.self) }
            text += chunk.prefix(min(got, longest - text.count))
        }
    }
}
