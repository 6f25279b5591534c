internal import CLinux
internal import Glibc
internal import Policies
internal import Printing

/// The files of a directory that only this user can write.
///
/// A file is replaced atomically: written under a temporary name, flushed to the disk and renamed, so that after any
/// interruption the old or the new file is complete.
public struct StateFiles: Sendable {
    /// The path of the directory.
    public let directory: String

    /// The largest file to read, in bytes.
    private static let maximumLength = 1 << 30

    /// Opens a directory; creates it and its parents if they are missing.
    ///
    /// - Throws: `permission` or `io`; also if another user could write to the directory.
    public init(directory: String) throws(KernelError) {
        self.directory = directory
        let isThere = try Self.requireDirectory(directory)
        try Self.requireAccess(to: directory)
        try Self.requireOwnDirectories(above: directory)
        if !isThere { try Self.make(directory[...]) }
        let status: stat
        do throws(SystemError) { status = try FileSystem.status(directory) } catch {
            throw error.duringStorage("opening the state directory \(directory)")
        }
        try Self.requireOwn(status, directory)
    }

    /// Whether a directory exists, or something else has its path.
    public static func exists(_ directory: String) -> Bool {
        do throws(SystemError) { try FileSystem.check(directory, F_OK) } catch { return error.code != ENOENT }
        return true
    }

    /// The directories of a path that do not exist, the deepest first: those that opening it would make.
    public static func missingDirectories(_ directory: String) -> [String] {
        var (missing, path) = ([String](), directory[...])
        while !path.isEmpty, !exists(String(path)) {
            missing.append(String(path))
            path = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        }
        return missing
    }

    /// Deletes directories that were made for nothing, the deepest first, with a file that only locks; keeps those with any other.
    public func withdraw(_ directories: [String], lock name: String) {
        guard !directories.isEmpty, (try? names()) == [name] else { return }
        try? remove(name)
        for path in directories { try? FileSystem.deleteDirectory(path) }
    }

    /// Whether a path has any entry, a dangling link too.
    public static func hasEntry(_ path: String) -> Bool {
        do throws(SystemError) { _ = try FileSystem.status(path, followsLink: false) } catch {
            return error.code != ENOENT
        }
        return true
    }

    private static func make(_ path: Substring) throws(KernelError) {
        do throws(SystemError) { try makeOne(path) } catch {
            guard error.code == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
                throw Self.unmade(path, error)
            }
            try make(path[..<slash])
            do throws(SystemError) { try makeOne(path) } catch { throw Self.unmade(path, error) }
        }
    }

    private static func unmade(_ path: Substring, _ error: SystemError) -> KernelError {
        var failure = error.duringStorage("making the state directory \(path)")
        if [ENOENT, ENOTDIR].contains(error.code) { failure.advice = otherDirectory }
        return failure
    }

    private static let otherDirectory = "name another one with --state-dir"

    /// Refuses a path at which there is a file.
    ///
    /// - Returns: whether the directory exists.
    private static func requireDirectory(_ path: String) throws(KernelError) -> Bool {
        guard let status = try? FileSystem.status(path) else { return false }
        if status.st_mode & S_IFMT == S_IFDIR { return true }
        throw KernelError(.io, "opening the state directory \(path)", code: ENOTDIR, advice: otherDirectory)
    }

    private static func makeOne(_ path: Substring) throws(SystemError) {
        do throws(SystemError) { try FileSystem.makeDirectory(String(path), mode: 0o700) } catch {
            if error.code != EEXIST { throw error }
        }
    }

    /// Refuses a directory that another user could replace, with all that it says of the host.
    ///
    /// Nothing is known of it in a user namespace without the host's root, which owns every directory above.
    private static func requireOwnDirectories(above path: String) throws(KernelError) {
        guard let root = try? FileSystem.status("/"), root.st_uid == 0 || root.st_uid == geteuid() else { return }
        do throws(FileRefusal) {
            try FileOwnership.checkDirectories(above: path, or: "use another --state-dir")
        } catch { throw KernelError(.io, "cannot trust \(path)", answer: "it \(error.message)") }
    }

    /// Refuses a directory that this user may not read: nothing can be said of its contents, nor that it has none.
    private static func requireAccess(to path: String) throws(KernelError) {
        do throws(SystemError) { try FileSystem.check(path, R_OK | X_OK) } catch {
            guard error.code == EACCES || error.code == EPERM else { return }
            throw KernelError(.permission, "cannot read \(path)", code: error.code, advice: SystemError.rootAdvice)
        }
    }

    /// Refuses a file or a directory that a user other than root and this one could have written.
    private static func requireOwn(_ status: stat, _ path: String) throws(KernelError) {
        let isOwn = status.st_uid == geteuid() || status.st_uid == 0
        let isShared = status.st_mode & (S_IWGRP | S_IWOTH) != 0
        guard !isOwn || isShared else { return }
        let word = path.shellWord
        let repairs = (isOwn ? [] : ["chown root: \(word)"]) + (isShared ? ["chmod go-w \(word)"] : [])
        throw KernelError(
            .io, "cannot trust \(path)", answer: "another user could have written it",
            advice: "check its contents, then run `\(repairs.joined(separator: "; "))`, or use another --state-dir")
    }

    /// The names of the files.
    ///
    /// - Throws: `permission` or `io`.
    public func names() throws(KernelError) -> [String] {
        do throws(SystemError) {
            var entries = try Directory(directory)
            var names: [String] = []
            while let name = entries.next()?.name {
                if !name.hasPrefix(".") && !name.hasSuffix(FileReplacement.temporary) { names.append(name) }
            }
            // A file missed by an error would be overwritten.
            if let failure = entries.failure { throw failure }
            return names
        } catch { throw error.duringStorage("reading \(directory)") }
    }

    /// The bytes of a file; `nil` if there is none.
    ///
    /// - Throws: `permission` or `io`; also if another user could have written the file.
    public func read(_ name: String) throws(KernelError) -> [UInt8]? {
        let path = path(name)
        let file: File
        do throws(SystemError) { file = try File(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) } catch {
            if error.code == ENOENT { return nil }
            throw error.duringStorage("reading \(path)")
        }
        guard let status = try? file.status(), status.st_mode & S_IFMT == S_IFREG, status.st_size <= Self.maximumLength
        else { throw KernelError(.io, "reading \(path)", answer: "not a regular file of at most 1 GiB") }
        try Self.requireOwn(status, path)
        do throws(SystemError) { return try file.read(Int(status.st_size)) } catch {
            throw error.duringStorage("reading \(path)")
        }
    }

    /// Replaces or creates a file that only its owner can read.
    ///
    /// - Parameters:
    ///   - name: the name of the file.
    ///   - document: the new contents.
    ///   - persistence: how much to wait for.
    /// - Throws: `permission` or `io`; the old file is then unchanged, unless the new one was only not flushed to the disk.
    public func write(
        _ name: String, _ document: StateDocument, _ persistence: FileReplacement.Persistence = .named
    ) throws(KernelError) {
        do throws(SystemError) {
            try FileReplacement.replace(path(name), with: document.pieces, mode: 0o600, persistence)
        } catch { throw error.duringStorage("writing \(path(name))") }
    }

    /// Renames a file and replaces the one that has the new name.
    ///
    /// - Throws: `permission` or `io`.
    public func rename(_ old: String, to new: String) throws(KernelError) {
        do throws(SystemError) {
            try FileSystem.rename(path(old), to: path(new))
            try FileReplacement.flushDirectory(of: path(new))
        } catch { throw error.duringStorage("renaming \(path(old)) to \(new)") }
    }

    /// Deletes a file, if it exists.
    ///
    /// - Throws: `permission` or `io`.
    public func remove(_ name: String) throws(KernelError) {
        do throws(SystemError) { try FileSystem.delete(path(name)) } catch {
            if error.code != ENOENT { throw error.duringStorage("deleting \(path(name))") }
        }
    }

    /// The size of a file in bytes; 0 if there is none.
    public func size(of name: String) -> Int {
        (try? FileSystem.status(path(name))).map { Int($0.st_size) } ?? 0
    }

    /// The newest time at which one of the files was written, in seconds since 1970-01-01T00:00:00Z; 0 without files.
    public var newestTime: Int64 {
        let times = ((try? names()) ?? []).map { name in
            (try? FileSystem.status(path(name))).map { Int64($0.st_mtim.tv_sec) } ?? 0
        }
        return times.max() ?? 0
    }

    /// Locks `name` until the process ends or the lock is released.
    ///
    /// - Parameters:
    ///   - name: the name of the lock file, which stays afterwards.
    ///   - patience: how long to wait for the lock, in milliseconds.
    /// - Returns: the lock; `nil` if another process still holds it. Its holder has no temporary files of dead processes.
    /// - Throws: `permission` or `io`.
    public func lock(_ name: String, patience: Int = 0) throws(KernelError) -> FileLock? {
        let lock: FileLock?
        do throws(SystemError) { lock = try FileLock.take(path(name), patience: patience) } catch {
            throw error.duringStorage("locking \(path(name))")
        }
        if lock != nil { removeAbandoned() }
        return lock
    }

    /// Deletes the temporary files of processes that were killed while they wrote.
    ///
    /// A process may write files without the lock, so the files of processes that live are left alone.
    private func removeAbandoned() {
        guard var entries = try? Directory(directory) else { return }
        var abandoned: [String] = []
        while let name = entries.next()?.name {
            if let writer = FileReplacement.writer(of: name), kill(writer, 0) != 0, errno == ESRCH {
                abandoned.append(name)
            }
        }
        for name in abandoned { try? FileSystem.delete(path(name)) }
    }

    private func path(_ name: String) -> String { "\(directory)/\(name)" }
}

extension SystemError {
    /// The advice about a file that this user may not use; a capability for the network does not help.
    static let rootAdvice = "run as root"

    /// The error with the attempt on a file, and with advice if the cause has one.
    func duringStorage(_ attempt: String) -> KernelError {
        var failure = during(attempt)
        switch code {
        case EACCES, EPERM: failure.advice = Self.rootAdvice
        case ENOSPC, EDQUOT: failure.advice = "make room on that file system"
        case EFBIG: failure.advice = "raise the file size limit with ulimit -f"
        case EROFS: failure.advice = "remount that file system read-write"
        case EIO: failure.advice = "look for errors of that disk in the kernel's log"
        default: break
        }
        return failure
    }
}
