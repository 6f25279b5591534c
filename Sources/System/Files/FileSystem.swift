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

    /// When a file was written, in seconds since 1970-01-01T00:00:00Z; `nil` if that cannot be read.
    public static func modificationTime(_ path: String) -> Int64? {
        (try? status(path)).map { Int64($0.st_mtim.tv_sec) }
    }

    /// Whether a path leads to a directory.
    public static func isDirectory(_ path: String) -> Bool {
        (try? status(path)).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
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

    /// The path without symbolic links; `nil` if there is no file.
    static func resolvedPath(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// The path from the root on; a relative one starts at the current directory.
    public static func absolutePath(_ path: String) -> String {
        guard !path.hasPrefix("/"), let directory = resolvedPath(".") else { return path }
        return directory == "/" ? "/\(path)" : "\(directory)/\(path)"
    }

    /// The paths that match a pattern, glob(7); `nil` if a directory cannot be read, empty if it is missing.
    static func paths(matching pattern: String) -> [String]? {
        var matches = unsafe glob_t()
        let status = unsafe glob(pattern, 0, { _, code in code == ENOENT ? 0 : 1 }, &matches)
        defer { unsafe globfree(&matches) }
        if status == GLOB_NOMATCH { return [] }
        guard status == 0 else { return nil }
        return unsafe (0..<Int(matches.gl_pathc)).compactMap { index in
            unsafe matches.gl_pathv[index].map { unsafe String(cString: $0) }
        }
    }

    /// The names in a directory, at most a thousand and without hidden ones; none if it cannot be read.
    public static func names(in path: String) -> [String] {
        guard var entries = try? Directory(path) else { return [] }
        var names: [String] = []
        while names.count < 1_000, let name = entries.next()?.name { if !name.hasPrefix(".") { names.append(name) } }
        return names
    }

    /// The attributes of an open descriptor: fstat(2).
    static func status(of descriptor: Int32) throws(SystemError) -> stat {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .last }
        return status
    }

    /// Whether a pattern of glob(7) matches a path.
    public static func matches(_ pattern: String, _ path: String) -> Bool {
        unsafe fnmatch(pattern, path, FNM_PATHNAME | FNM_PERIOD) == 0
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

    /// Deletes an empty directory.
    static func deleteDirectory(_ path: String) throws(SystemError) {
        guard unsafe rmdir(path) == 0 else { throw .last }
    }
}
