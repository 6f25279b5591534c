internal import Addressing
internal import Compiler
public import Reachability

/// Ports of this host that other tables publish: they redirect them, to a container for example.
public struct PublishedPorts: Hashable, Sendable {
    /// The redirections.
    public var redirections: [Redirection]
    /// Rules that are not understood, and may redirect more ports.
    public var unread: [RuleReference]
    /// Whether `iptables-legacy` has a table that can redirect; its rules are not read.
    public var hasLegacyTable: Bool

    /// Creates published ports; empty by default.
    public init(redirections: [Redirection] = [], unread: [RuleReference] = [], hasLegacyTable: Bool = false) {
        self.redirections = redirections
        self.unread = unread
        self.hasLegacyTable = hasLegacyTable
    }

    /// A rule that redirects at least this many ports of a protocol redirects an address, not ports.
    private static let wholesale = 60_000

    /// The rules that redirect every port of the addresses that they match.
    var wholesaleRules: Set<RuleReference> {
        Set(
            Dictionary(grouping: redirections, by: \.rule).filter { _, group in
                Dictionary(grouping: group, by: \.transport).values.contains { redirections in
                    IntervalSet(redirections.map(\.ports)).ranges.reduce(0) { $0 + $1.count } >= Self.wholesale
                }
            }.keys)
    }

    /// The redirections of single ports and ranges, without those of whole addresses.
    public var ofPorts: [Redirection] {
        let wholesale = wholesaleRules
        return redirections.filter { !wholesale.contains($0.rule) }
    }
}

extension Redirection {
    /// Whether another table publishes the ports by a rule that is read: what portreeve's table redirects is a forward.
    var isPublished: Bool { !isOfLegacyTable && rule.table != Names.table }
}
