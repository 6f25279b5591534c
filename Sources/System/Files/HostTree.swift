internal import Glibc

/// Files of the host that are read as far as they are there.
public enum HostTree {
    /// No file that is of interest is longer, in bytes.
    private static let largest = 1 << 20

    /// The names in a directory; none where it cannot be read.
    public static func names(_ directory: String) -> [String] {
        guard var entries = Directory(directory) else { return [] }
        var names: [String] = []
        while let entry = entries.next() {
            if entry.name != "." && entry.name != ".." { names.append(entry.name) }
        }
        return names.sorted()
    }

    /// What a file holds; nothing for `/dev/null`, `nil` where it cannot be read or is too long to be text for people.
    public static func text(_ path: String) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_size <= largest else { return nil }
        let kind = status.st_mode & S_IFMT
        if kind == S_IFCHR { return "" }
        return kind == S_IFREG ? ProcFile.text(path) : nil
    }
}
