internal import Glibc

/// Resolves paths relative to a file, and expands the patterns in `include`.
enum FilePattern {
    /// `path` relative to the directory of the file `base`.
    static func resolve(_ path: String, relativeTo base: String) -> String {
        guard !path.hasPrefix("/"), let slash = base.lastIndex(of: "/") else { return path }
        return base[...slash] + path
    }

    /// Whether `path` is a pattern, glob(7).
    static func isPattern(_ path: String) -> Bool { path.contains { "*?[".contains($0) } }

    /// The paths that match `pattern` in the directory of the file `base`, sorted by their bytes; empty for none.
    static func expand(_ pattern: String, relativeTo base: String) throws(FileRefusal) -> [String] {
        let directory = String(resolve("", relativeTo: base))
        let absolute = pattern.hasPrefix("/") ? pattern : escaped(directory) + pattern
        var matches = unsafe glob_t()
        // A missing directory has no matches; one that cannot be read may have some.
        let status = unsafe glob(absolute, 0, { _, code in code == ENOENT ? 0 : 1 }, &matches)
        defer { unsafe globfree(&matches) }
        if status == GLOB_NOMATCH { return [] }
        guard status == 0 else { throw FileRefusal(message: "cannot be expanded: a directory cannot be read") }
        var paths: [String] = []
        for index in 0..<(unsafe Int(matches.gl_pathc)) {
            if let path = unsafe matches.gl_pathv[index] { paths.append(unsafe String(cString: path)) }
        }
        return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The pattern that matches exactly `text`.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            if "*?[\\".contains(character) { result.append("\\") }
            result.append(character)
        }
        return result
    }
}
