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

    /// The ruleset of the namespace that the calling thread is in.
    public static var current: Self { Self(boot: run ?? "", namespace: cookie ?? NamespaceInode.own?.number ?? 0) }

    /// The ruleset that `nftables` was opened on; `nil` before kernel 5.14, and where the run of the kernel is not known.
    init?(of nftables: borrowing Nftables) {
        guard let namespace = nftables.socket.namespaceCookie, let boot = Self.run, !boot.isEmpty else { return nil }
        self.init(boot: boot, namespace: namespace)
    }

    /// Whether no later network namespace can get the number of this one before the next boot: kernel 5.14 or later.
    public static var isUnique: Bool { cookie != nil }

    /// Whether the calling thread is in the network namespace of the first process: the host's, or the container's own.
    ///
    /// A process with fewer capabilities than the first one may not look at its namespaces; the kernel shows some settings of
    /// the network in the namespace of the host alone (`net_core_table` of `net/core/sysctl_net_core.c`).
    public static var isHost: Bool {
        if let host = NamespaceInode(path: "/proc/1/ns/net") { return host == .own }
        return ProcFile.exists("/proc/sys/net/core/dev_weight")
    }

    /// The run of the kernel: random(4).
    private static var run: String? {
        ProcFile.text("/proc/sys/kernel/random/boot_id").map { String($0.prefix { !$0.isWhitespace }) }
    }

    private static var cookie: UInt64? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return NetlinkSocket.namespaceCookie(of: descriptor)
    }
}
