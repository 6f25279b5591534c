internal import Glibc

/// Reads directories and files of the host, and treats missing ones as empty.
public enum HostTree {
    /// The size in bytes above which a file is not read.
    private static let largest = 1 << 20

    /// The names in a directory; empty if it cannot be read.
    public static func names(_ directory: String) -> [String] {
        guard var entries = try? Directory(directory) else { return [] }
        var names: [String] = []
        while let entry = entries.next() {
            if entry.name != "." && entry.name != ".." { names.append(entry.name) }
        }
        return names.sorted()
    }

    /// The text of a file; empty for `/dev/null`; `nil` if it cannot be read or is larger than 1 MiB.
    public static func text(_ path: String) -> String? {
        guard let status = try? FileSystem.status(path), status.st_size <= largest else { return nil }
        let kind = status.st_mode & S_IFMT
        if kind == S_IFCHR { return "" }
        return kind == S_IFREG ? ProcFile.text(path) : nil
    }

    /// The text of a plain file of at most `largest` bytes; `nil` for anything else, and for a link.
    ///
    /// Neither a device nor a pipe is opened for long: nothing waits.
    static func plainText(_ path: String, upTo largest: Int) -> String? {
        guard let file = try? File(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY),
            let status = try? file.status(), status.st_mode & S_IFMT == S_IFREG, status.st_size <= largest,
            let bytes = try? file.read(Int(status.st_size))
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
