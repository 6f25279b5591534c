internal import CMnl
internal import Glibc
internal import System

/// Which ruleset of which run of the kernel the calling thread works on.
public struct RulesetIdentity: Hashable, Sendable {
    /// `/proc/sys/kernel/random/boot_id`; empty where it cannot be read.
    public var boot: String
    /// The number of the network namespace: `SO_NETNS_COOKIE`, which no other gets until the next boot; before kernel 5.14 its
    /// inode number, which no other has at the same time.
    public var namespace: UInt64

    /// An identity of these parts.
    public init(boot: String, namespace: UInt64) {
        self.boot = boot
        self.namespace = namespace
    }

    private static let bootPath = "/proc/sys/kernel/random/boot_id"
    private static let ownPath = "/proc/thread-self/ns/net"
    private static let hostPath = "/proc/1/ns/net"
    private static let hostSetting = "/proc/sys/net/core/dev_weight"

    /// The ruleset of the namespace that the calling thread is in.
    public static var current: Self {
        let boot = ProcFile.text(bootPath).map { String($0.prefix { !$0.isWhitespace }) } ?? ""
        return Self(boot: boot, namespace: cookie ?? inode(ownPath) ?? 0)
    }

    /// Whether no later network namespace can get the number of this one before the next boot: kernel 5.14 or later.
    public static var isUnique: Bool { cookie != nil }

    /// Whether the calling thread is in the network namespace of the first process: the host's, or the container's own.
    ///
    /// A process with fewer capabilities than the first one may not look at its namespaces; the kernel shows some settings of
    /// the network in the namespace of the host alone (`net_core_table` of `net/core/sysctl_net_core.c`).
    public static var isHost: Bool {
        if let host = inode(hostPath) { return host == inode(ownPath) }
        return inode(hostSetting) != nil
    }

    private static var cookie: UInt64? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var (cookie, size) = (UInt64(0), socklen_t(MemoryLayout<UInt64>.size))
        return unsafe getsockopt(descriptor, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0 ? cookie : nil
    }

    private static func inode(_ path: String) -> UInt64? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }
}
