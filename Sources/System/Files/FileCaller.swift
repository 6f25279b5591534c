internal import Glibc

/// The user who runs the process with the rights of root, as by sudo: messages show no file that this user could not read.
public struct FileCaller: Hashable, Sendable {
    /// The user's id; `nil` if only the fact is known.
    public var user: UInt32?

    /// The user with this id.
    public init(user: UInt32?) { self.user = user }

    /// Whether the user can read the open file without the rights of root.
    ///
    /// Membership in groups counts for nothing, so that the answer errs on the side of the file's owner.
    func canRead(_ status: stat, _ file: borrowing File) -> Bool {
        if user == 0 { return true }
        guard isAllowed(status, owner: S_IRUSR, others: S_IROTH) else { return false }
        return FileSystem.resolvedPath("/proc/self/fd/\(file.descriptor)").map(canReach) ?? false
    }

    /// Whether the user may search every directory above a path without symbolic links.
    private func canReach(_ path: String) -> Bool {
        var directory = path[...]
        while let slash = directory.lastIndex(of: "/") {
            directory = directory[..<slash]
            let name = directory.isEmpty ? "/" : String(directory)
            guard let status = try? FileSystem.status(name, followsLink: false),
                isAllowed(status, owner: S_IXUSR, others: S_IXOTH)
            else { return false }
        }
        return true
    }

    private func isAllowed(_ status: stat, owner: mode_t, others: mode_t) -> Bool {
        status.st_mode & (status.st_uid == user ? owner : others) != 0
    }
}
