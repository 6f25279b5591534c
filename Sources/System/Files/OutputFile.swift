internal import Glibc
internal import Policies

/// Files that commands write for other programs, replaced atomically.
public enum OutputFile {
    /// Readable by all users: a metrics collector does not run as root.
    private static let mode: mode_t = 0o644

    /// Replaces the file at `path` atomically: a reader finds either the old text or the new.
    ///
    /// - Throws: `io` or `permission`; the old file is then unchanged, and what is no regular file always is.
    public static func replace(_ path: String, with text: String) throws(KernelError) {
        if let status = try? FileSystem.status(path, followsLink: false), status.st_mode & S_IFMT != S_IFREG {
            throw KernelError(
                .io, "writing \(path)", answer: "it is not a regular file",
                advice: "name another, or leave it out and redirect standard output")
        }
        try replace(path, with: Array(text.utf8), mode: mode)
    }

    /// Replaces the text of the file at `path` atomically; the file keeps its permissions.
    ///
    /// - Throws: `io` or `permission`; the old file is then unchanged.
    public static func rewrite(_ path: String, with text: String) throws(KernelError) {
        let status: stat
        do throws(SystemError) { status = try FileSystem.status(path) } catch {
            throw error.duringStorage("reading \(path)")
        }
        try replace(path, with: Array(text.utf8), mode: status.st_mode & 0o7777)
    }

    /// Deletes the file at `path`.
    ///
    /// - Throws: `io` or `permission`.
    public static func delete(_ path: String) throws(KernelError) {
        do throws(SystemError) { try FileSystem.delete(path) } catch { throw error.duringStorage("deleting \(path)") }
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

    /// Makes the directory of the file at `path`, and those above it, where they do not exist.
    ///
    /// - Returns: the directory if it is new.
    /// - Throws: `io` or `permission`.
    public static func createDirectory(of path: String) throws(KernelError) -> String? {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return nil }
        let directory = String(path[..<slash])
        guard (try? FileSystem.status(directory, followsLink: true)) == nil else { return nil }
        _ = try createDirectory(of: directory)
        do throws(SystemError) { try FileSystem.makeDirectory(directory, mode: 0o755) } catch {
            throw error.duringStorage("making the directory \(directory)")
        }
        return directory
    }

    /// Writes `text` to a new file.
    ///
    /// - Returns: `false` if the file exists; it is then unchanged.
    /// - Throws: `io` or `permission`.
    public static func createNew(_ path: String, with text: String) throws(KernelError) -> Bool {
        try create(path, with: text, mode: mode)
    }

    /// The same for a file that only its owner may read and write.
    public static func createPrivately(_ path: String, with text: String) throws(KernelError) -> Bool {
        try create(path, with: text, mode: 0o600)
    }

    private static func create(_ path: String, with text: String, mode: mode_t) throws(KernelError) -> Bool {
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
            guard error.code == ENOENT else { throw error.duringStorage("reading \(path)") }
            return nil
        }
    }

    /// The largest record that is read: 16 MiB, in bytes.
    private static let largestRecord = 16 << 20

    /// The text of a file that an earlier run wrote for the next one; `nil` if there is none.
    ///
    /// Another user who could write it, or lead the path elsewhere, could keep what it records from being reported.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - checksOwnership: whether to refuse a file that users other than root and the caller can write.
    /// - Returns: the text; `nil` if there is no file.
    /// - Throws: `io` or `permission`.
    public static func record(_ path: String, checksOwnership: Bool) throws(KernelError) -> String? {
        func refusal(_ reason: String) -> KernelError {
            KernelError(
                .io, "cannot trust \(path)", answer: reason,
                advice: "name a file in a directory that only you can write")
        }
        do throws(FileRefusal) {
            let file: File
            do throws(SystemError) {
                // A FIFO or a device is not waited for.
                file = try File(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
            } catch {
                if error.code == ELOOP { throw FileRefusal(message: "is a symbolic link") }
                guard error.code == ENOENT else { throw FileRefusal(message: HostCalls.text(ofError: error.code)) }
                if checksOwnership { try FileOwnership.checkDirectories(above: path) }
                return nil
            }
            guard let status = try? file.status(), status.st_mode & S_IFMT == S_IFREG else {
                throw FileRefusal(message: "is not a regular file")
            }
            if checksOwnership { try FileOwnership.check(status, path: path, file) }
            guard status.st_nlink <= 1 else { throw FileRefusal(message: "has another name, a hard link") }
            guard status.st_size <= largestRecord else { throw FileRefusal(message: "is larger than 16 MiB") }
            guard let bytes = try? file.read(Int(status.st_size)) else {
                throw FileRefusal(message: "cannot be read")
            }
            return String(decoding: bytes, as: UTF8.self)
        } catch { throw refusal("it \(error.message)") }
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
