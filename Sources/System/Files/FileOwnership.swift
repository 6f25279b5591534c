internal import Glibc
internal import Policies

/// Rejects files that users other than root and the caller can write, as sudo and sshd do.
enum FileOwnership {
    /// Checks the open file and each directory above it.
    static func check(_ status: stat, path: String, _ file: borrowing File) throws(FileRefusal) {
        try check(status, path: path, isDirectory: false)
        // An open file has a path without symbolic links, unless it was deleted.
        let resolved =
            FileSystem.resolvedPath("/proc/self/fd/\(file.descriptor)") ?? FileSystem.resolvedPath(path)
        if let resolved { try checkAll(above: resolved) }
    }

    /// Checks the directories above a path at which a file is to stand; one that is not there yet has no owner.
    static func checkDirectories(above path: String) throws(FileRefusal) {
        var directory = path[...]
        while !directory.isEmpty {
            directory = directory.lastIndex(of: "/").map { directory[..<$0] } ?? ""
            let name = !directory.isEmpty ? String(directory) : path.hasPrefix("/") ? "/" : "."
            guard let resolved = FileSystem.resolvedPath(name) else { continue }
            return try checkAll(above: resolved == "/" ? "/" : resolved + "/")
        }
    }

    /// Checks every directory above a path without symbolic links.
    private static func checkAll(above path: String) throws(FileRefusal) {
        var directory = path[...]
        while let slash = directory.lastIndex(of: "/") {
            directory = directory[..<slash]
            let name = directory.isEmpty ? "/" : String(directory)
            let status: stat
            do throws(SystemError) { status = try FileSystem.status(name, followsLink: false) } catch {
                let answer = HostCalls.text(ofError: error.code)
                throw FileRefusal(message: "cannot be trusted: cannot read directory \"\(name)\": \(answer)")
            }
            try check(status, path: name, isDirectory: true)
        }
    }

    private static func check(_ status: stat, path: String, isDirectory: Bool) throws(FileRefusal) {
        var faults: [String] = []
        var repairs: [String] = []
        if status.st_uid != 0, status.st_uid != geteuid() {
            faults.append("owned by user \(status.st_uid)")
            repairs.append("chown root: \(path)")
        }
        if let writers = writers(status, isDirectory: isDirectory) {
            faults.append("writable by \(writers)")
            repairs.append("chmod go-w \(path)")
        }
        guard !faults.isEmpty else { return }
        let subject = isDirectory ? "is in directory \"\(path)\", which is" : "is"
        let advice = "run `\(repairs.joined(separator: "; "))` or use --allow-insecure-permissions"
        throw FileRefusal(message: "\(subject) \(faults.joined(separator: " and ")); \(advice)")
    }

    /// The users beside the owner and root who can write; `nil` for none.
    private static func writers(_ status: stat, isDirectory: Bool) -> String? {
        // In a sticky directory such as /tmp, users cannot replace the files of others.
        if isDirectory, status.st_mode & S_ISVTX != 0 { return nil }
        if status.st_mode & S_IWOTH != 0 { return "everyone" }
        return status.st_mode & S_IWGRP != 0 && status.st_gid != 0 ? "group \(status.st_gid)" : nil
    }
}
