internal import CLinux
internal import Glibc

/// A copy of this program in its own session, without a terminal, in the network namespace of the calling thread.
public struct DetachedProcess: Sendable {
    /// The process id.
    public let number: Int32

    /// The descriptor on which the process reports that it is ready.
    private static let readyDescriptor: Int32 = 3
    /// The timeout until then, in milliseconds.
    private static let patience: Int32 = 10_000

    /// Starts this program with other arguments, and waits until it reports that it is ready.
    ///
    /// - Throws: `io`; then no process is left running.
    public init(arguments: [String]) throws(KernelError) {
        let attempt = "starting a background process"
        do throws(SystemError) {
            var ends: [Int32] = [0, 0]
            guard unsafe pipe(&ends) == 0 else { throw .last }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            defer { close(ends[0]) }
            do throws(SystemError) {
                number = try Self.spawn(["portreeve"] + arguments, ready: ends[1])
                close(ends[1])
            } catch {
                close(ends[1])
                throw error
            }
            guard Self.isReady(ends[0]) else {
                kill(number, SIGKILL)
                _ = waitpid(number, nil, 0)
                throw SystemError(code: 0, text: "not ready after \(Self.patience / 1000) seconds")
            }
        } catch { throw error.during(attempt) }
    }

    /// Whether the process is still running; only its parent can ask.
    public var isRunning: Bool { waitpid(number, nil, WNOHANG) == 0 }

    /// Closes the inherited descriptors of this process, which was started by `init`: else it would hold locks and
    /// pipes of the session as long as it runs.
    ///
    /// Call it before opening anything: no other file may get the number of `readyDescriptor`.
    public static func closeInherited() {
        _ = shim_close_from(UInt32(readyDescriptor) + 1)
        if fcntl(readyDescriptor, F_GETFD) < 0 { _ = unsafe open("/", O_RDONLY | O_DIRECTORY) }
    }

    /// Reports that this process, which was started by `init`, is ready; its parent continues.
    public static func sayReady() {
        setsid()
        _ = unsafe chdir("/")
        _ = unsafe write(readyDescriptor, "1", 1)
        close(readyDescriptor)
    }

    private static func isReady(_ descriptor: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let count = unsafe poll(&request, 1, patience)
            if count < 0 && errno == EINTR { continue }
            var byte: UInt8 = 0
            return unsafe count == 1 && read(descriptor, &byte, 1) == 1
        }
    }

    private static func spawn(_ arguments: [String], ready: Int32) throws(SystemError) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, ready, readyDescriptor)
        var vector = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe vector.forEach { unsafe free($0) } }
        // It needs no environment, which may hold secrets of the user for as long as the process runs.
        var environment: [UnsafeMutablePointer<CChar>?] = unsafe [nil]
        var number: pid_t = 0
        let code = unsafe posix_spawn(&number, "/proc/self/exe", &actions, nil, &vector, &environment)
        guard code == 0 else { throw SystemError(code: code) }
        return number
    }
}
