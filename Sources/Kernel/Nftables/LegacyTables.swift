internal import System

/// A table of the older `iptables-legacy`, which nf_tables knows nothing about and packets meet all the same.
public struct LegacyTable: Hashable, Sendable {
    /// Whether it is of `ip6tables-legacy`.
    public var isIPv6: Bool
    /// The name: `filter`, `nat`.
    public var name: String
    /// What its rules and policies do; `nil` where they cannot be read.
    public var effects: Effects?

    /// What rules and policies do to packets.
    public struct Effects: Hashable, Sendable {
        /// How many drop packets, or hand them to something that may.
        public var refusing = 0
        /// How many redirect connections.
        public var redirecting = 0
    }
}

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
