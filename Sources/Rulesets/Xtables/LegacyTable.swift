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

    /// The hooks at which the kernel runs a table of this name.
    public var hooks: [Hook] {
        switch name {
        case "raw": [.prerouting, .output]
        case "nat": [.prerouting, .input, .output, .postrouting]
        case "filter", "security": [.input, .forward, .output]
        default: [.prerouting, .input, .forward, .output, .postrouting]
        }
    }

    /// The priority at which it runs at every hook but those of `nat`: `linux/netfilter_ipv4.h`.
    public var priority: Int32 {
        switch name {
        case "raw": -300
        case "mangle": -150
        case "nat": -100
        case "security": 50
        default: 0
        }
    }

    /// What rules and policies do to packets.
    public struct Effects: Hashable, Sendable {
        /// The number that drop packets or hand them to a target that may.
        public var refusing = 0
        /// The number that redirect connections.
        public var redirecting = 0
        /// The number of those that redirect them to a port of this host.
        public var redirectingHere = 0
        /// The hooks at which packets meet rules or policies that drop.
        public var refusingHooks: Set<Hook> = []
        /// The hooks at which they meet rules that redirect.
        public var redirectingHooks: Set<Hook> = []

        /// No effects.
        public init() {}
    }
}
