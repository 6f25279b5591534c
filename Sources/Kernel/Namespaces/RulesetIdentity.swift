internal import CMnl
internal import Glibc
internal import System

/// Identifies a ruleset: the boot and the network namespace.
public struct RulesetIdentity: Hashable, Sendable {
    /// `/proc/sys/kernel/random/boot_id`; empty if it cannot be read.
    public var boot: String
    /// `SO_NETNS_COOKIE`, which is not reused until the next boot; before kernel 5.14 the inode number of the
    /// namespace, which is unique only among the namespaces that exist.
    public var namespace: UInt64

    /// An identity of these parts.
    public init(boot: String, namespace: UInt64) {
        self.boot = boot
        self.namespace = namespace
    }

    /// The ruleset of the calling thread's network namespace.
    public static var current: Self { Self(boot: run ?? "", namespace: cookie ?? NetworkNamespace.own?.inode ?? 0) }

    /// The ruleset on which `nftables` was opened; `nil` before kernel 5.14, and if the boot id cannot be read.
    init?(of nftables: borrowing Nftables) {
        guard let namespace = nftables.socket.namespaceCookie, let boot = Self.run, !boot.isEmpty else { return nil }
        self.init(boot: boot, namespace: namespace)
    }

    /// Whether the number of a namespace is not reused before the next boot: kernel 5.14 or later.
    public static var isUnique: Bool { cookie != nil }

    /// Whether the calling thread is in the network namespace of process 1: the host's, or the container's own.
    ///
    /// A process with fewer capabilities than process 1 may not read its namespaces; then a sysctl decides that the
    /// kernel shows only in the host's namespace (`net_core_table` of `net/core/sysctl_net_core.c`).
    public static var isHost: Bool {
        if let host { return host == NetworkNamespace.own }
        // A user without privileges may not read them either, and cannot read the state of any namespace.
        return isInitial || geteuid() != 0
    }

    /// Whether the calling thread is in the network namespace in which the kernel started, whose packets alone reach its log.
    ///
    /// That of process 1 is another one in a container. A sysctl decides that the kernel shows in that namespace alone.
    public static var isInitial: Bool { ProcFile.exists("/proc/sys/net/core/dev_weight") }

    /// The namespace of process 1, which keeps it.
    private static let host = FileIdentity(path: "/proc/1/ns/net")

    /// The run of the kernel: random(4).
    private static let run: String? =
        ProcFile.text("/proc/sys/kernel/random/boot_id").map { String($0.prefix { !$0.isWhitespace }) }

    private static var cookie: UInt64? {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), NETLINK_NETFILTER)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return SocketOption.number(SO_NETNS_COOKIE, of: descriptor)
    }
}
