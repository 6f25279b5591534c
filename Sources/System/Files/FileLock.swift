internal import Glibc

/// A lock that ends with the value, or with the process, however that ends.
public final class FileLock: Sendable {
    private let descriptor: Int32

    /// Milliseconds between two attempts.
    private static let interval = 20

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Keeps others out of the file at `path`, which is made where it is missing, and stays when the lock is gone.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - patience: how long to wait for it, in milliseconds.
    /// - Returns: the lock; `nil` where another process still has it.
    /// - Throws: what a system call answered.
    static func take(_ path: String, patience: Int = 0) throws(SystemError) -> FileLock? {
        // Not for writing: a change must be undone, and a boot load its table, where the disk has become read-only.
        let descriptor = unsafe open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .last }
        let lock = FileLock(descriptor: descriptor)
        var rest = patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK else { throw .last }
            guard rest > 0 else { return nil }
            usleep(UInt32(interval * 1000))
            rest -= interval
        }
        return lock
    }

    /// Leaves the lock in place until the process ends.
    func keep() { _ = unsafe Unmanaged.passRetained(self) }
}
