internal import Glibc

/// Puts a file in the place of another, so that after any interruption the old file or the new one is there, whole.
public enum FileReplacement {
    /// What is on the disk when a file has been written.
    public enum Persistence: Sendable {
        /// Perhaps nothing: it is of no use after a boot.
        case none
        /// Its bytes. Its name follows with the next one that is waited for.
        case content
        /// Its bytes, and its name.
        case named
    }

    /// The ending of temporary names, behind the number of the process.
    static let temporary = ".tmp"

    /// Writes the pieces under a temporary name in the same directory, brings them to the disk, and renames the file.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - pieces: its bytes, which follow one another.
    ///   - mode: who may read and write it, whatever the process's mask says.
    ///   - persistence: what to wait for.
    /// - Throws: what a system call answered; the old file is then as it was.
    static func replace(
        _ path: String, with pieces: [ArraySlice<UInt8>], mode: mode_t, _ persistence: Persistence
    ) throws(SystemError) {
        let temporary = "\(path).\(getpid())\(temporary)"
        // What a process of this number left when it was killed.
        _ = unsafe unlink(temporary)
        do throws(SystemError) {
            try create(temporary, pieces, mode, flushes: persistence != .none)
            guard unsafe rename(temporary, path) == 0 else { throw .last }
            if persistence == .named { try flushDirectory(of: path) }
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
    }

    /// Writes a file that is not there yet.
    ///
    /// - Throws: what a system call answered; a part of the file may be there then.
    static func create(
        _ path: String, _ pieces: [ArraySlice<UInt8>], _ mode: mode_t, flushes: Bool
    ) throws(SystemError) {
        let file = try File(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
        guard fchmod(file.descriptor, mode) == 0 else { throw .last }
        for piece in pieces { try file.write(piece) }
        if flushes { try file.flush() }
        try file.close()
    }

    /// Brings the name of a file to the disk.
    static func flushDirectory(of path: String) throws(SystemError) {
        let end = path.lastIndex(of: "/")
        let directory = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        try File(directory, O_RDONLY | O_DIRECTORY).flush()
    }
}
