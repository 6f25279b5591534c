internal import Glibc

/// Files that commands leave behind for others to read, whole or not at all.
public enum OutputFile {
    /// Everybody may read them: a metrics collector is not root.
    private static let mode: mode_t = 0o644

    /// Puts `text` in the place of the file at `path`, so that a reader finds either the old text or the new.
    ///
    /// It is written to a temporary name in the same directory, brought to the disk, and renamed.
    ///
    /// - Throws: `io` or `permission`; the old file is then as it was.
    public static func replace(_ path: String, with text: String) throws(KernelError) {
        try replace(path, with: Array(text.utf8), mode: mode)
    }

    /// The same with octets that only their owner is to read and write.
    public static func replacePrivately(_ path: String, with bytes: [UInt8]) throws(KernelError) {
        try replace(path, with: bytes, mode: 0o600)
    }

    private static func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(KernelError) {
        let temporary = "\(path).\(getpid()).tmp"
        _ = unsafe unlink(temporary)
        try create(temporary, bytes, mode, attempt: "writing \(path)")
        guard unsafe rename(temporary, path) == 0 else {
            let error = SystemError.last
            _ = unsafe unlink(temporary)
            throw error.during("writing \(path)")
        }
    }

    /// Writes `text` to a file that is not there yet.
    ///
    /// - Returns: `false` where there is one, which stays as it is.
    /// - Throws: `io` or `permission`.
    public static func createNew(_ path: String, with text: String) throws(KernelError) -> Bool {
        // A link to nowhere is something that is there, too.
        var status = stat()
        guard unsafe lstat(path, &status) != 0 else { return false }
        try create(path, Array(text.utf8), mode, attempt: "writing \(path)")
        return true
    }

    private static func create(
        _ path: String, _ bytes: [UInt8], _ mode: mode_t, attempt: String
    ) throws(KernelError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw SystemError.last.during(attempt) }
        var error: SystemError?
        do throws(SystemError) {
            try FileOutput.write(bytes[...], to: descriptor)
            if fchmod(descriptor, mode) != 0 || fsync(descriptor) != 0 { throw .last }
        } catch let failure { error = failure }
        if close(descriptor) != 0 && error == nil { error = .last }
        guard let error else { return }
        _ = unsafe unlink(path)
        throw error.during(attempt)
    }

    /// What a file holds that a command wrote before; `nil` where there is none.
    ///
    /// - Throws: `io` or `permission`.
    public static func read(_ path: String) throws(KernelError) -> String? {
        if let text = ProcFile.text(path) { return text }
        let error = SystemError.last
        guard error.code == ENOENT else { throw error.during("reading \(path)") }
        return nil
    }

    /// Keeps others from doing at the same time what is done under the name of `path`, until the process ends.
    ///
    /// - Returns: `false` where somebody else does it now.
    /// - Throws: `io` or `permission`.
    public static func lock(_ path: String) throws(KernelError) -> Bool {
        let name = "\(path).lock"
        let descriptor = unsafe open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemError.last.during("locking \(name)") }
        // The descriptor is left open: the lock ends with the process, however that ends.
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        let error = SystemError.last
        close(descriptor)
        guard error.code == EWOULDBLOCK else { throw error.during("locking \(name)") }
        return false
    }
}
