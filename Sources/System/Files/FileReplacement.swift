internal import Glibc

/// Replaces files atomically: after any interruption the old or the new file is complete.
public enum FileReplacement {
    /// The part of a written file that is on the disk when the call returns.
    public enum Persistence: Sendable {
        /// Nothing: the file is of no use after a boot.
        case none
        /// The contents; the name is flushed with the next `named` file.
        case content
        /// The contents and the name.
        case named
    }

    /// The suffix of temporary names, after the process id.
    static let temporary = ".tmp"

    /// The process that writes a file under this temporary name; `nil` if it is none.
    static func writer(of name: String) -> pid_t? {
        guard name.hasSuffix(temporary) else { return nil }
        let parts = name.dropLast(temporary.count).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, let writer = parts.last.flatMap({ pid_t($0) }), writer > 0 else { return nil }
        return writer
    }

    /// Writes the pieces under a temporary name in the same directory, flushes the file to the disk and renames it.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - pieces: the contents in consecutive pieces.
    ///   - mode: the permissions, regardless of the process's umask.
    ///   - persistence: how much to wait for.
    /// - Throws: the error of the system call; the old file is then unchanged, unless it was the flush of the new one's name that
    ///   failed.
    static func replace(
        _ path: String, with pieces: [ArraySlice<UInt8>], mode: mode_t, _ persistence: Persistence
    ) throws(SystemError) {
        let temporary = "\(path).\(getpid())\(temporary)"
        // A file that a killed process with the same id left behind.
        try? FileSystem.delete(temporary)
        do throws(SystemError) {
            try create(temporary, pieces, mode, flushes: persistence != .none)
            try FileSystem.rename(temporary, to: path)
            if persistence == .named { try flushDirectory(of: path) }
        } catch {
            try? FileSystem.delete(temporary)
            throw error
        }
    }

    /// Writes a new file; fails if it exists.
    ///
    /// - Throws: the error of the system call; an incomplete file may remain.
    static func create(
        _ path: String, _ pieces: [ArraySlice<UInt8>], _ mode: mode_t, flushes: Bool
    ) throws(SystemError) {
        let file = try File(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
        guard fchmod(file.descriptor, mode) == 0 else { throw .last }
        for piece in pieces { try file.write(piece) }
        if flushes { try file.flush() }
        try file.close()
    }

    /// Flushes the name of a file to the disk.
    static func flushDirectory(of path: String) throws(SystemError) {
        let end = path.lastIndex(of: "/")
        let directory = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        try File(directory, O_RDONLY | O_DIRECTORY).flush()
    }
}
