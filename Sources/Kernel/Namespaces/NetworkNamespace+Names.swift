internal import Glibc
internal import System

extension NetworkNamespace {
    /// The names by which `ip netns` knows the network namespace of the calling thread, sorted; none for a nameless one.
    ///
    /// A namespace may have several names, and a name outlives no boot.
    public static var currentNames: [String] {
        guard let own = inode("/proc/thread-self/ns/net") else { return [] }
        return HostTree.names(directory).filter { inode("\(directory)/\($0)") == own }
    }

    /// Whether `ip netns` knows a network namespace by this name.
    public static func exists(named name: String) -> Bool { inode("\(directory)/\(name)") != nil }

    private struct Inode: Equatable {
        var device: UInt64
        var number: UInt64
    }

    private static func inode(_ path: String) -> Inode? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Inode(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    }
}
