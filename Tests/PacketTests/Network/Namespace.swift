import CLinux
import Glibc
import TestSupport

/// The error output of `ip`.
struct IPError: Error, CustomStringConvertible {
    var description: String
}

/// A network namespace that exists as long as the value, or a thread or socket in it.
final class Namespace {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// The namespace of the calling thread.
    static func current() throws -> Namespace {
        let descriptor = unsafe open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallError.last("opening the thread's network namespace") }
        return Namespace(descriptor: descriptor)
    }

    /// A new namespace; the calling thread stays where it is.
    static func fresh() throws -> Namespace {
        let home = try current()
        guard shim_unshare(shim_clone_newnet) == 0 else { throw SystemCallError.last("making a network namespace") }
        let namespace = try current()
        try home.enter()
        return namespace
    }

    /// The path by which another program enters the namespace.
    var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// Runs `body` with the calling thread in the namespace, then moves the thread back.
    func run<R>(_ body: () throws -> R) throws -> R {
        let home = try Self.current()
        try enter()
        let result = Result { try body() }
        try home.enter()
        return try result.get()
    }

    /// Runs commands of `ip`, one a line, in the namespace.
    func ip(_ commands: String) throws {
        let result = try run { try Program.run(["ip", "-batch", "-"], input: commands) }
        guard result.status == 0 else { throw IPError(description: result.errors) }
    }

    /// Waits until the interface is ready, which takes some time after its peer is up.
    ///
    /// Until then the kernel drops the packets that are sent.
    func waitForLink(_ interface: String) throws {
        let isUp = try eventually {
            let result = try run { try Program.run(["ip", "-oneline", "link", "show", "dev", interface]) }
            return result.output.contains(" state UP ")
        }
        if isUp { return }
        throw IPError(description: "\(interface) does not come up")
    }

    /// Sets `/proc/sys/net/KEY` of the namespace.
    func set(_ key: String, _ value: String) throws {
        try run {
            // The kernel resolves the file in the namespace of the thread that opens it.
            let file = unsafe open("/proc/sys/net/\(key)", O_WRONLY | O_CLOEXEC)
            defer { close(file) }
            guard unsafe write(file, value, value.utf8.count) >= 0 else { throw SystemCallError.last("setting \(key)") }
        }
    }

    private func enter() throws {
        guard shim_setns(descriptor, shim_clone_newnet) == 0 else { throw SystemCallError.last("entering a namespace") }
    }
}
