internal import Addressing
internal import Glibc

/// System calls on paths.
public enum FileSystem {
    /// The attributes of a file; of a link itself unless it is followed: stat(2), lstat(2).
    static func status(_ path: String, followsLink: Bool = true) throws(SystemError) -> stat {
        var status = stat()
        guard unsafe (followsLink ? stat(path, &status) : lstat(path, &status)) == 0 else { throw .last }
        return status
    }

    /// Checks access with a mode of access(2).
    static func check(_ path: String, _ mode: Int32) throws(SystemError) {
        guard unsafe access(path, mode) == 0 else { throw .last }
    }

    /// Whether this user may write to a file, ignoring that its file system may be mounted read-only.
    public static func mayWrite(_ path: String) -> Bool {
        do throws(SystemError) { try check(path, W_OK) } catch { return error.code == EROFS }
        return true
    }

    /// The target of a symbolic link; `nil` if there is none, or if it may not be read.
    public static func linkTarget(_ path: String) -> String? {
        File.withLink(path, in: AT_FDCWD, room: Int(PATH_MAX)) { $0.text(at: 0) }
    }

    /// Makes a symbolic link.
    public static func makeLink(_ path: String, to target: String) throws(SystemError) {
        guard unsafe symlink(target, path) == 0 else { throw .last }
    }

    /// Makes a directory.
    static func makeDirectory(_ path: String, mode: mode_t) throws(SystemError) {
        guard unsafe mkdir(path, mode) == 0 else { throw .last }
    }

    /// Renames a file and replaces the one that has the new name.
    static func rename(_ old: String, to new: String) throws(SystemError) {
        guard unsafe Glibc.rename(old, new) == 0 else { throw .last }
    }

    /// Deletes a file.
    static func delete(_ path: String) throws(SystemError) {
        guard unsafe unlink(path) == 0 else { throw .last }
    }
}
