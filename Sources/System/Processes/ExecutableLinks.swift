internal import Glibc

/// The executables to which names and paths lead by links.
public enum ExecutableLinks {
    /// The directories of programs, in the order of the usual search path.
    private static let directories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    /// The executables that an absolute path or, in the usual directories, a name stands for.
    public static func targets(of name: String) -> [String] {
        if name.hasPrefix("/") { return target(of: name).map { [$0] } ?? [] }
        guard !name.contains("/") else { return [] }
        return directories.compactMap { target(of: "\($0)/\(name)") }
    }

    /// The path without links; `nil` if there is no such file.
    static func target(of path: String) -> String? { FileSystem.resolvedPath(path) }

    /// The executable that the kernel runs for a file: the interpreter of a script; `nil` if that is not known.
    static func program(of path: String) -> String? {
        guard let file = try? File(path, O_RDONLY), let head = try? file.read(256) else { return target(of: path) }
        guard head.starts(with: "#!".utf8) else { return target(of: path) }
        let line = String(decoding: head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let words = line.split(separator: " ")
        // env(1) searches for the interpreter.
        guard let first = words.first else { return nil }
        if first.hasSuffix("/env") { return words.count == 2 ? targets(of: String(words[1])).first : nil }
        return target(of: String(first))
    }
}
