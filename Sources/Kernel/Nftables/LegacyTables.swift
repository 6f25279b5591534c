public import Rulesets
internal import System

/// The tables of `iptables-legacy`.
public enum LegacyTables {
    /// Those of the network namespace of the calling thread; none where the kernel has no such tables, or does not say.
    ///
    /// No table is made by asking: only those that the kernel lists are read.
    public static var all: [LegacyTable] {
        [LegacyEntries.ipv4, .ipv6].flatMap { entries in
            let names = ProcFile.text(entries.list)?.split(separator: "\n").map(String.init) ?? []
            return names.map {
                LegacyTable(isIPv6: entries.list == LegacyEntries.ipv6.list, name: $0, effects: entries.effects(of: $0))
            }
        }
    }

    /// Whether there is a table that can redirect ports, of either family, in the namespace of the calling thread.
    public static var canRedirect: Bool { all.contains { $0.name == "nat" && $0.effects?.redirecting != 0 } }
}
