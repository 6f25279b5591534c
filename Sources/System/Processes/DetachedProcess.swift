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
            let ends = try File.pipe()
            let report = File(descriptor: ends.reading)
            number = try Self.spawn(arguments, reportingTo: File(descriptor: ends.writing))
            guard Self.isReady(report) else {
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
        if fcntl(readyDescriptor, F_GETFD) < 0 { File.occupy("/", O_RDONLY | O_DIRECTORY) }
    }

    /// Reports that this process, which was started by `init`, is ready; its parent continues.
    public static func sayReady() {
        setsid()
        ProcessCalls.moveToRoot()
        _ = try? File.write([UInt8(ascii: "1")], to: readyDescriptor)
        close(readyDescriptor)
    }

    /// Starts the process, and closes its end of the pipe here: the pipe then ends with the process.
    private static func spawn(_ arguments: [String], reportingTo end: consuming File) throws(SystemError) -> Int32 {
        try ProcessCalls.spawn(
            "/proc/self/exe", ["portreeve"] + arguments, passing: end.descriptor, as: readyDescriptor)
    }

    private static func isReady(_ report: borrowing File) -> Bool {
        guard let events = try? File.wait(for: POLLIN, on: report.descriptor, milliseconds: patience), events != 0
        else {
            return false
        }
        return (try? report.read(1))?.count == 1
    }
}
