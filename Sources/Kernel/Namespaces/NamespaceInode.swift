internal import Glibc

/// What tells one namespace from the others that are there at the same time: the inode of the files that stand for it.
struct NamespaceInode: Hashable {
    private let device: UInt64
    /// The number; unique among the namespaces of a host while this one lives.
    let number: UInt64

    /// The network namespace of the calling thread.
    static var own: Self? { Self(path: "/proc/thread-self/ns/net") }

    /// The namespace of a file; `nil` where there is none, or it may not be looked at.
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
