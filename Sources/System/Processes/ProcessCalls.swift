internal import CLinux
internal import Glibc

/// Calls of libc that start processes and handle signals.
enum ProcessCalls {
    /// Starts a program without a terminal and without environment variables, which may hold secrets of the user.
    ///
    /// - Parameters:
    ///   - executable: the path of the program.
    ///   - arguments: its arguments with its name.
    ///   - inherited: the descriptor that it inherits beside the standard streams, which are `/dev/null`.
    ///   - number: the number that this descriptor has there.
    /// - Returns: the process id.
    /// - Throws: the error of the system call.
    static func spawn(
        _ executable: String, _ arguments: [String], passing inherited: Int32, as number: Int32
    ) throws(SystemError) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, inherited, number)
        var vector = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe vector.forEach { unsafe free($0) } }
        var environment: [UnsafeMutablePointer<CChar>?] = unsafe [nil]
        var process: pid_t = 0
        let code = unsafe posix_spawn(&process, executable, &actions, nil, &vector, &environment)
        guard code == 0 else { throw SystemError(code: code) }
        return process
    }

    /// Starts a program with the standard streams and the environment of this process, and without the signals that this
    /// process ignores.
    ///
    /// - Returns: the process id.
    /// - Throws: the error of the system call.
    static func spawn(_ executable: String, _ arguments: [String]) throws(SystemError) -> Int32 {
        var vector = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe vector.forEach { unsafe free($0) } }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var ignored = signals(interrupts + Signals.failedWrites)
        unsafe posix_spawnattr_setsigdefault(&attributes, &ignored)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var process: pid_t = 0
        let code = unsafe posix_spawn(&process, executable, nil, &attributes, &vector, shim_environment())
        guard code == 0 else { throw SystemError(code: code) }
        return process
    }

    /// The signals of the keys that interrupt the program in the foreground of a terminal: termios(3).
    private static let interrupts = [SIGINT, SIGQUIT]

    /// The result of `body`, during which the keys that interrupt reach the programs that it starts alone, as system(3) has it.
    static func leavingInterrupts<Value>(to body: () throws(SystemError) -> Value) throws(SystemError) -> Value {
        var former: [sigaction] = []
        for number in interrupts {
            var (action, old) = (sigaction(), sigaction())
            unsafe action.__sigaction_handler.sa_handler = SIG_IGN
            unsafe sigaction(number, &action, &old)
            former.append(old)
        }
        defer { for (number, var old) in zip(interrupts, former) { unsafe sigaction(number, &old, nil) } }
        return try body()
    }

    /// Waits until a process that this one started has ended; returns its exit status, or 128 and the number of the signal.
    static func awaitEnd(of number: Int32) -> Int32 {
        var code: Int32 = 0
        while unsafe waitpid(number, &code, 0) < 0 && errno == EINTR {}
        return status(ofEnd: code)
    }

    /// The milliseconds between two looks whether a process has ended.
    private static let pause: UInt32 = 1

    /// The same; `nil` if the process had not ended at `deadline`, in milliseconds since boot, and was killed.
    static func awaitEnd(of number: Int32, killingAt deadline: Int64) -> Int32? {
        var code: Int32 = 0
        while true {
            let found = unsafe waitpid(number, &code, WNOHANG)
            guard found == 0 || found < 0 && errno == EINTR else { return status(ofEnd: code) }
            guard Uptime.milliseconds < deadline else { break }
            usleep(pause * 1000)
        }
        kill(number, SIGKILL)
        _ = awaitEnd(of: number)
        return nil
    }

    /// The exit status of wait(2): the low seven bits are the signal, the next byte is the status.
    private static func status(ofEnd code: Int32) -> Int32 {
        code & 0x7f == 0 ? code >> 8 & 0xff : 128 + code & 0x7f
    }

    /// Moves this process to the root directory, so that it keeps no file system from being unmounted.
    static func moveToRoot() { _ = unsafe chdir("/") }

    /// Blocks `SIGTERM`, so that `awaitTermination` can take it.
    static func blockTermination() {
        var set = terminations
        _ = unsafe sigprocmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for a blocked `SIGTERM`, at most this many milliseconds; returns whether it came.
    static func awaitTermination(milliseconds: Int64) -> Bool {
        var set = terminations
        var time = timespec(
            tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
        return unsafe sigtimedwait(&set, nil, &time) == SIGTERM
    }

    private static var terminations: sigset_t { signals([SIGTERM]) }

    private static func signals(_ numbers: [Int32]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        return set
    }
}
