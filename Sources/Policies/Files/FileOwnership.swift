internal import Glibc

/// Refuses files that someone other than root and the caller could have written, as sudo and sshd do.
enum FileOwnership {
    /// Checks the open file and every directory above it.
    static func check(_ status: stat, path: String, descriptor: Int32) throws(FileRefusal) {
        try check(status, path: path, isDirectory: false)
        guard let resolved = resolvedPath(path, descriptor: descriptor) else { return }
        var directory = resolved[...]
        while let slash = directory.lastIndex(of: "/") {
            directory = directory[..<slash]
            let name = directory.isEmpty ? "/" : String(directory)
            var status = stat()
            guard unsafe lstat(name, &status) == 0 else {
                throw FileRefusal(message: "cannot be trusted: \"\(name)\": \(SystemError.text(errno))")
            }
            try check(status, path: name, isDirectory: true)
        }
    }

    private static func check(_ status: stat, path: String, isDirectory: Bool) throws(FileRefusal) {
        let subject = isDirectory ? "lies in the directory \"\(path)\", which is" : "is"
        let escape = "or use --allow-insecure-permissions"
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            throw FileRefusal(
                message: "\(subject) owned by user \(status.st_uid); run `chown root: \(path)` \(escape)")
        }
        // In a sticky directory such as /tmp, nobody can replace the file of another.
        if isDirectory, status.st_mode & S_ISVTX != 0 { return }
        let isGroupWritable = status.st_mode & S_IWGRP != 0 && status.st_gid != 0
        guard isGroupWritable || status.st_mode & S_IWOTH != 0 else { return }
        let writers = status.st_mode & S_IWOTH != 0 ? "everyone" : "group \(status.st_gid)"
        throw FileRefusal(message: "\(subject) writable by \(writers); run `chmod go-w \(path)` \(escape)")
    }

    /// The path of the open file, without symbolic links; `nil` when it has none.
    private static func resolvedPath(_ path: String, descriptor: Int32) -> String? {
        guard let resolved = unsafe realpath("/proc/self/fd/\(descriptor)", nil) ?? realpath(path, nil) else {
            return nil
        }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
