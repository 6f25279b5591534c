internal import Glibc

/// The files of a directory that belongs to this user alone.
///
/// A file is written under a temporary name, brought to the disk, and renamed, so that after any interruption the old file
/// or the new one is there, whole.
public struct StateFiles: Sendable {
    /// The path of the directory.
    public let directory: String

    /// What is on the disk when a file has been written.
    public enum Persistence: Sendable {
        /// Perhaps nothing: it is of no use after a boot.
        case none
        /// What it holds. Its name follows with the next one that is waited for.
        case content
        /// What it holds, and its name.
        case named
    }

    /// The ending of names that are not files of the directory yet.
    private static let temporary = ".tmp"
    /// No file of this program is longer.
    private static let maximumLength = 1 << 30

    /// The files of a directory, which is made when it is missing, with those above it.
    ///
    /// - Throws: `permission` or `io`; also when somebody else could write in it.
    public init(directory: String) throws(KernelError) {
        self.directory = directory
        try Self.make(directory[...])
        var status = stat()
        guard unsafe stat(directory, &status) == 0 else { throw Self.failure("opening \(directory)") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw SystemError(code: ENOTDIR).during("opening \(directory)")
        }
        try Self.requireOwn(status, directory)
    }

    /// Whether there is something at the path of a directory.
    public static func exists(_ directory: String) -> Bool { unsafe access(directory, F_OK) == 0 || errno != ENOENT }

    private static func make(_ path: Substring) throws(KernelError) {
        guard unsafe mkdir(String(path), 0o700) != 0, errno != EEXIST else { return }
        let error = SystemError.last
        guard error.code == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw Self.failure("making directory \(path)", error)
        }
        try make(path[..<slash])
        guard unsafe mkdir(String(path), 0o700) == 0 || errno == EEXIST else {
            throw Self.failure("making directory \(path)")
        }
    }

    private static func requireOwn(_ status: stat, _ path: String) throws(KernelError) {
        guard status.st_uid != geteuid() || status.st_mode & (S_IWGRP | S_IWOTH) != 0 else { return }
        throw KernelError(
            .io, "trusting \(path)", answer: "somebody else could have written it",
            advice: "make it yours alone with chown and chmod go-w, or name another --state-dir")
    }

    /// The names of the files.
    ///
    /// - Throws: `permission` or `io`.
    public func names() throws(KernelError) -> [String] {
        guard let stream = unsafe opendir(directory) else { throw Self.failure("reading \(directory)") }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            // The end and an error look the same but for this; a file that is overlooked would be written over.
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") && !name.hasSuffix(Self.temporary) { names.append(name) }
        }
        guard errno == 0 else { throw Self.failure("reading \(directory)") }
        return names
    }

    /// What a file holds; `nil` where there is none.
    ///
    /// - Throws: `permission` or `io`; also when somebody else could have written it.
    public func read(_ name: String) throws(KernelError) -> [UInt8]? {
        let path = path(name)
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.failure("reading \(path)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= Self.maximumLength
        else { throw KernelError(.io, "reading \(path)", answer: "not a file of portreeve's") }
        try Self.requireOwn(status, path)
        return try bytes(of: descriptor, count: Int(status.st_size), path)
    }

    private func bytes(of descriptor: Int32, count: Int, _ path: String) throws(KernelError) -> [UInt8] {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let start = unsafe buffer.baseAddress?.advanced(by: filled)
                let got = unsafe Glibc.read(descriptor, start, count - filled)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = .last }
                guard got > 0 else { return }
                filled += got
            }
        }
        if let failure { throw Self.failure("reading \(path)", failure) }
        return bytes
    }

    /// Puts a file in the place of the one of this name, if any; only its owner can read it.
    ///
    /// - Parameters:
    ///   - name: the name of the file.
    ///   - document: what it is to hold.
    ///   - persistence: what to wait for.
    /// - Throws: `permission` or `io`; the old file is then as it was.
    public func write(
        _ name: String, _ document: StateDocument, _ persistence: Persistence = .named
    ) throws(KernelError) {
        let (path, temporary) = (path(name), path(name) + "." + String(getpid()) + Self.temporary)
        // What a process of this number left when it was killed.
        _ = unsafe unlink(temporary)
        do throws(SystemError) {
            try create(temporary, document, flushes: persistence != .none)
            guard unsafe Glibc.rename(temporary, path) == 0 else { throw .last }
            if persistence == .named { try flushDirectory() }
        } catch {
            _ = unsafe unlink(temporary)
            throw Self.failure("writing \(path)", error)
        }
    }

    private func create(_ path: String, _ document: StateDocument, flushes: Bool) throws(SystemError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .last }
        var failure: SystemError?
        do throws(SystemError) {
            for piece in document.pieces { try FileOutput.write(piece, to: descriptor) }
            if flushes { try Self.flush(descriptor) }
        } catch { failure = error }
        if close(descriptor) != 0 && failure == nil { failure = .last }
        if let failure { throw failure }
    }

    /// Gives a file another name, in the place of the one that has it.
    ///
    /// - Throws: `permission` or `io`.
    public func rename(_ old: String, to new: String) throws(KernelError) {
        do throws(SystemError) {
            guard unsafe Glibc.rename(path(old), path(new)) == 0 else { throw .last }
            try flushDirectory()
        } catch { throw Self.failure("renaming \(path(old)) to \(new)", error) }
    }

    /// Deletes a file, if it is there.
    ///
    /// - Throws: `permission` or `io`.
    public func remove(_ name: String) throws(KernelError) {
        guard unsafe unlink(path(name)) != 0, errno != ENOENT else { return }
        throw Self.failure("deleting \(path(name))")
    }

    /// The size of a file in octets; 0 where there is none.
    public func size(of name: String) -> Int {
        var status = stat()
        return unsafe stat(path(name), &status) == 0 ? Int(status.st_size) : 0
    }

    /// Keeps others out of `name` until the process ends or the lock is dropped.
    ///
    /// - Parameters:
    ///   - name: the name of a file, which stays when the lock is gone.
    ///   - patience: how long to wait for it, in milliseconds.
    /// - Returns: the lock; `nil` where somebody else still has it.
    /// - Throws: `permission` or `io`.
    public func lock(_ name: String, patience: Int = 0) throws(KernelError) -> StateLock? {
        // Not for writing: a change must be undone, and a boot load its table, where the disk has become read-only.
        let descriptor = unsafe open(path(name), O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("locking \(path(name))") }
        var rest = patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let error = SystemError.last
            guard error.code == EWOULDBLOCK, rest > 0 else {
                close(descriptor)
                if error.code == EWOULDBLOCK { return nil }
                throw Self.failure("locking \(path(name))", error)
            }
            usleep(UInt32(Self.lockInterval * 1000))
            rest -= Self.lockInterval
        }
        return StateLock(descriptor: descriptor)
    }

    /// Milliseconds between two attempts.
    private static let lockInterval = 20

    private func flushDirectory() throws(SystemError) {
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last }
        defer { close(descriptor) }
        try Self.flush(descriptor)
    }

    /// Brings a file to the disk.
    private static func flush(_ descriptor: Int32) throws(SystemError) {
        while fsync(descriptor) != 0 { if errno != EINTR { throw .last } }
    }

    private func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// What a system call answered, with what to do about it where that is not plain.
    private static func failure(_ attempt: String, _ error: SystemError = .last) -> KernelError {
        var failure = error.during(attempt)
        switch error.code {
        case ENOSPC, EDQUOT: failure.advice = "make room on that file system"
        case EFBIG: failure.advice = "raise the limit of the length of files, ulimit -f"
        case EROFS: failure.advice = "mount that file system for writing"
        case EIO: failure.advice = "see what the kernel's log says of that disk"
        default: break
        }
        return failure
    }
}

/// A lock that ends with the value, or with the process, however that ends.
public final class StateLock: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}
