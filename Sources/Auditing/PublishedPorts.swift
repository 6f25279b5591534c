internal import Addressing
public import Reachability

/// What other tables publish: ports of this host that they redirect, to a container for example.
public struct PublishedPorts: Hashable, Sendable {
    /// The redirections.
    public var redirections: [Redirection]
    /// Rules that are not understood, and may redirect more.
    public var unread: [RuleReference]
    /// Whether `iptables-legacy` keeps a table that can redirect; what is in it is not read.
    public var hasLegacyTable: Bool

    /// Published ports of these parts; none unless given.
    public init(redirections: [Redirection] = [], unread: [RuleReference] = [], hasLegacyTable: Bool = false) {
        self.redirections = redirections
        self.unread = unread
        self.hasLegacyTable = hasLegacyTable
    }

    /// Rules that redirect this many ports of a protocol redirect an address, not ports.
    private static let wholesale = 60_000

    /// The rules that redirect every port of what they match.
    var wholesaleRules: Set<RuleReference> {
        Set(
            Dictionary(grouping: redirections, by: \.rule).filter { _, group in
                Dictionary(grouping: group, by: \.transport).values.contains { redirections in
                    IntervalSet(redirections.map(\.ports)).ranges.reduce(0) { $0 + $1.count } >= Self.wholesale
                }
            }.keys)
    }

    /// The redirections of rules that are about ports, not about a whole address.
    public var ofPorts: [Redirection] {
        let wholesale = wholesaleRules
        return redirections.filter { !wholesale.contains($0.rule) }
    }
}
