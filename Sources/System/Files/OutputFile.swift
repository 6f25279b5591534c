internal import Glibc

/// Files that commands write for other programs, replaced atomically.
public enum OutputFile {
    /// Readable by all users: a metrics collector does not run as root.
    private static let mode: mode_t = 0o644

    /// Puts `text` in the place of the file at `path`, so that a reader finds either the old text or the new.
    ///
    /// - Throws: `io` or `permission`; the old file is then as it was.
    public static func replace(_ path: String, with text: String) throws(KernelError) {
        try replace(path, with: Array(text.utf8), mode: mode)
    }

    /// The same with bytes that only their owner is to read and write.
    public static func replacePrivately(_ path: String, with bytes: [UInt8]) throws(KernelError) {
        try replace(path, with: bytes, mode: 0o600)
    }

    private static func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(KernelError) {
        do throws(SystemError) {
            try FileReplacement.replace(path, with: [bytes[...]], mode: mode, .named)
        } catch { throw error.duringStorage("writing \(path)") }
    }

    /// Writes `text` to a file that is not there yet.
    ///
    /// - Returns: `false` where there is one, which stays as it is.
    /// - Throws: `io` or `permission`.
    public static func createNew(_ path: String, with text: String) throws(KernelError) -> Bool {
        // A link to nowhere is something that is there, too.
        var status = stat()
        guard unsafe lstat(path, &status) != 0 else { return false }
        do throws(SystemError) {
            try FileReplacement.create(path, [Array(text.utf8)[...]], mode, flushes: true)
        } catch {
            if error.code != EEXIST { _ = unsafe unlink(path) }
            throw error.duringStorage("writing \(path)")
        }
        return true
    }

    /// What a file holds that a command wrote before; `nil` where there is none.
    ///
    /// - Throws: `io` or `permission`.
    public static func read(_ path: String) throws(KernelError) -> String? {
        do throws(SystemError) { return try ProcFile.read(path) } catch {
            guard error.code == ENOENT else { throw error.during("reading \(path)") }
            return nil
        }
    }

    /// Keeps others from doing at the same time what is done under the name of `path`, until the process ends.
    ///
    /// - Returns: `false` where another process does it now.
    /// - Throws: `io` or `permission`.
    public static func lock(_ path: String) throws(KernelError) -> Bool {
        let name = "\(path).lock"
        do throws(SystemError) {
            guard let lock = try FileLock.take(name) else { return false }
            lock.keep()
            return true
        } catch { throw error.duringStorage("locking \(name)") }
    }
}
