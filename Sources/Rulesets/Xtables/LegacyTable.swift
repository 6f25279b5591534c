/// A table of the older `iptables-legacy`, which nf_tables knows nothing about and packets meet all the same.
public struct LegacyTable: Hashable, Sendable {
    /// Whether it is of `ip6tables-legacy`.
    public var isIPv6: Bool
    /// The name: `filter`, `nat`.
    public var name: String
    /// What its rules and policies do; `nil` where they cannot be read.
    public var effects: Effects?

    /// A table of these parts.
    public init(isIPv6: Bool, name: String, effects: Effects?) {
        self.isIPv6 = isIPv6
        self.name = name
        self.effects = effects
    }

    /// What rules and policies do to packets.
    public struct Effects: Hashable, Sendable {
        /// How many drop packets, or hand them to something that may.
        public var refusing = 0
        /// How many redirect connections.
        public var redirecting = 0

        /// No effects.
        public init() {}
    }
}
