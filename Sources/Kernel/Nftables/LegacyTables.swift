internal import Glibc

/// The tables of the older `iptables-legacy`, which nf_tables knows nothing about.
public enum LegacyTables {
    /// Where the kernel lists those of each family in the network namespace that a thread is in.
    private static let lists = ["/proc/thread-self/net/ip_tables_names", "/proc/thread-self/net/ip6_tables_names"]

    /// Whether there is a table that can redirect ports, of either family, in the namespace of the calling thread.
    ///
    /// - Returns: `false` where the kernel has no such tables, or does not say.
    public static var canRedirect: Bool {
        lists.contains { path in ProcFile.text(path)?.split(separator: "\n").contains("nat") ?? false }
    }
}
