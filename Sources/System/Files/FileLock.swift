internal import Glibc

/// A lock that ends with the value or with the process: flock(2).
public final class FileLock: Sendable {
    private let descriptor: Int32

    /// The milliseconds between two attempts.
    private static let interval = 20

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Locks the file at `path`, which is created if it is missing and stays afterwards.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - patience: how long to wait for the lock, in milliseconds.
    /// - Returns: the lock; `nil` if another process still holds it.
    /// - Throws: the error of the system call.
    static func take(_ path: String, patience: Int = 0) throws(SystemError) -> FileLock? {
        // Opened read-only: undoing a change and loading a table at boot must work on a read-only disk.
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

    /// Holds the lock until the process ends.
    func keep() { _ = unsafe Unmanaged.passRetained(self) }
}
