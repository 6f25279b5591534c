internal import Glibc

/// A lock that ends with the value or with the process: flock(2).
public final class FileLock: Sendable {
    private let file: File

    /// The milliseconds between two attempts.
    private static let interval = 20

    private init(_ file: consuming File) { self.file = file }

    /// Locks the file at `path`, which is created if it is missing and stays afterwards.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - patience: how long to wait for the lock, in milliseconds.
    /// - Returns: the lock; `nil` if another process still holds it.
    /// - Throws: the error of the system call.
    static func take(_ path: String, patience: Int = 0) throws(SystemError) -> FileLock? {
        guard let file = try lock(path, patience: patience) else { return nil }
        return FileLock(file)
    }

    /// Locks the file at `path` until the process ends; `false` if another process holds the lock.
    static func takeForGood(_ path: String) throws(SystemError) -> Bool {
        guard let file = try lock(path, patience: 0) else { return false }
        file.leaveOpen()
        return true
    }

    private static func lock(_ path: String, patience: Int) throws(SystemError) -> File? {
        // Opened read-only: undoing a change and loading a table at boot must work on a read-only disk.
        let file = try File(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
        let status = try file.status()
        // Another user could hold a lock of their own for ever.
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() || status.st_uid == 0 else {
            throw SystemError(code: EBUSY, text: "the lock file is not a regular file of this user")
        }
        var rest = patience
        while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK else { throw .last }
            guard rest > 0 else { return nil }
            usleep(UInt32(interval * 1000))
            rest -= interval
        }
        return file
    }
}
