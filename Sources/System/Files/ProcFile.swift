internal import Glibc

/// Reads small files of unknown size, such as those in `/proc`.
public enum ProcFile {
    private static let chunk = 4096

    /// The text of the file at `path`; `nil` if it cannot be read.
    public static func text(_ path: String) -> String? { try? read(path) }

    /// The text of the file at `path`; throws the reason if it cannot be read.
    public static func read(_ path: String) throws(SystemError) -> String {
        let file = try File(path, O_RDONLY)
        var bytes: [UInt8] = []
        while true {
            let read = try file.read(chunk)
            bytes += read
            if read.count < chunk { return String(decoding: bytes, as: UTF8.self) }
        }
    }

    /// Whether the file exists.
    public static func exists(_ path: String) -> Bool { (try? FileSystem.check(path, F_OK)) != nil }
}
