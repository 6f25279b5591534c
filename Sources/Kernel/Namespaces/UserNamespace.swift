internal import System

/// The user namespace of this process: user_namespaces(7).
enum UserNamespace {
    /// The inode number of the first one: `PROC_USER_INIT_INO` of `linux/proc_ns.h`.
    private static let initialInode: UInt64 = 0xEFFF_FFFD

    /// Whether it is the one that the kernel starts with, where user 0 is root; also if `/proc` cannot be read.
    static var isInitial: Bool { FileIdentity(path: "/proc/self/ns/user").map { $0.inode == initialInode } ?? true }
}
