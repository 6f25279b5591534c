internal import Glibc

/// Identifies a namespace among those that exist: the inode of its files.
struct NamespaceInode: Hashable {
    private let device: UInt64
    /// The inode number; unique among the namespaces of a host as long as this one exists.
    let number: UInt64

    /// The network namespace of the calling thread.
    static var own: Self? { Self(path: "/proc/thread-self/ns/net") }

    /// The namespace of a file; `nil` if there is none, or if it may not be read.
    init?(path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// The namespace of an open file.
    init?(descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
    }
}
