internal import Glibc

/// Identifies a file as long as it exists: two paths with the same identity name one file.
public struct FileIdentity: Hashable, Sendable {
    /// The number of the device.
    public let device: UInt64
    /// The number of the inode on it.
    public let inode: UInt64

    /// The file at `path`, links followed; `nil` if there is none, or if it may not be read.
    public init?(path: String) {
        guard let status = try? FileSystem.status(path) else { return nil }
        self.init(status)
    }

    /// The open file; `nil` on failure.
    public init?(_ file: borrowing File) {
        guard let status = try? file.status() else { return nil }
        self.init(status)
    }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}
