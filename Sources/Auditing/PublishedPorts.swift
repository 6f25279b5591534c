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
}
