public import Rulesets
internal import System

/// The tables of `iptables-legacy`.
public enum LegacyTables {
    /// The tables of the calling thread's network namespace; empty if the kernel has none or does not list them.
    ///
    /// Reading creates no table: only tables that the kernel lists are read.
    public static var all: [LegacyTable] {
        [LegacyEntries.ipv4, .ipv6].flatMap { entries in
            let names = ProcFile.text(entries.list)?.split(separator: "\n").map(String.init) ?? []
            return names.map {
                LegacyTable(isIPv6: entries.list == LegacyEntries.ipv6.list, name: $0, effects: entries.effects(of: $0))
            }
        }
    }

    /// Whether the calling thread's network namespace has a table, of either family, that can redirect ports.
    public static var canRedirect: Bool { all.contains { $0.name == "nat" && $0.effects?.redirecting != 0 } }
}
