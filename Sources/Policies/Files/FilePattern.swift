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
    static func expand(
        _ pattern: String, relativeTo base: String, in files: any PolicyFiles
    ) throws(FileRefusal) -> [String] {
        let directory = String(resolve("", relativeTo: base))
        let absolute = pattern.hasPrefix("/") ? pattern : escaped(directory) + pattern
        return try files.paths(matching: absolute).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The directory in which `pattern` looks, as far as it is written without wildcards; `nil` for that of the file `base`.
    static func directory(of pattern: String, relativeTo base: String) -> String? {
        let start = pattern.prefix { !"*?[".contains($0) }
        guard let slash = start.lastIndex(of: "/"), slash > start.startIndex else { return nil }
        return resolve(String(start[..<slash]), relativeTo: base)
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
