internal import Glibc

/// Files that commands write for other programs, replaced atomically.
public enum OutputFile {
    /// Readable by all users: a metrics collector does not run as root.
    private static let mode: mode_t = 0o644

    /// Replaces the file at `path` atomically: a reader finds either the old text or the new.
    ///
    /// - Throws: `io` or `permission`; the old file is then unchanged.
    public static func replace(_ path: String, with text: String) throws(KernelError) {
        try replace(path, with: Array(text.utf8), mode: mode)
    }

    /// Replaces a file that only its owner may read and write.
    public static func replacePrivately(_ path: String, with bytes: [UInt8]) throws(KernelError) {
        try replace(path, with: bytes, mode: 0o600)
    }

    private static func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(KernelError) {
        do throws(SystemError) {
            try FileReplacement.replace(path, with: [bytes[...]], mode: mode, .named)
        } catch { throw error.duringStorage("writing \(path)") }
    }

    /// Writes `text` to a new file.
    ///
    /// - Returns: `false` if the file exists; it is then unchanged.
    /// - Throws: `io` or `permission`.
    public static func createNew(_ path: String, with text: String) throws(KernelError) -> Bool {
        // A dangling link exists too.
        guard (try? FileSystem.status(path, followsLink: false)) == nil else { return false }
        do throws(SystemError) {
            try FileReplacement.create(path, [Array(text.utf8)[...]], mode, flushes: true)
        } catch {
            if error.code != EEXIST { try? FileSystem.delete(path) }
            throw error.duringStorage("writing \(path)")
        }
        return true
    }

    /// The text of a file that a command wrote earlier; `nil` if there is none.
    ///
    /// - Throws: `io` or `permission`.
    public static func read(_ path: String) throws(KernelError) -> String? {
        do throws(SystemError) { return try ProcFile.read(path) } catch {
            guard error.code == ENOENT else { throw error.during("reading \(path)") }
            return nil
        }
    }

    /// Locks `path` with a lock file beside it, until the process ends.
    ///
    /// - Returns: `false` if another process holds the lock.
    /// - Throws: `io` or `permission`.
    public static func lock(_ path: String) throws(KernelError) -> Bool {
        let name = "\(path).lock"
        do throws(SystemError) {
            return try FileLock.takeForGood(name)
        } catch { throw error.duringStorage("locking \(name)") }
    }
}
