/// A table of the older `iptables-legacy`: nf_tables does not show it, but it filters packets too.
public struct LegacyTable: Hashable, Sendable {
    /// Whether it is a table of `ip6tables-legacy`.
    public var isIPv6: Bool
    /// The name: `filter`, `nat`.
    public var name: String
    /// The effects of its rules and policies; `nil` if they cannot be read.
    public var effects: Effects?

    /// A table of these parts.
    public init(isIPv6: Bool, name: String, effects: Effects?) {
        self.isIPv6 = isIPv6
        self.name = name
        self.effects = effects
    }

    /// What rules and policies do to packets.
    public struct Effects: Hashable, Sendable {
        /// The number that drop packets or hand them to a target that may.
        public var refusing = 0
        /// The number that redirect connections.
        public var redirecting = 0
        /// The number of those that redirect them to a port of this host.
        public var redirectingHere = 0

        /// No effects.
        public init() {}
    }
}
