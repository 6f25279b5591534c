public import Addressing
public import Listeners
public import Policies
public import Reachability
public import Rulesets

/// What all tables together let through, as they are.
public struct LiveRuleset {
    private enum Reading {
        /// The policy stands before every port that no service lists.
        case closed
        /// It is worked out of the tables.
        case regions(AccessRegions)
        /// The tables may not be read.
        case denied(String)
    }

    private let reading: Reading
    private let now: Int64

    /// The rulesets of this host.
    ///
    /// Nothing is evaluated where nobody else has a table and portreeve's is as the policy says: it drops what no
    /// service lists.
    ///
    /// - Parameters:
    ///   - own: portreeve's table.
    ///   - others: the tables of others.
    ///   - drift: how portreeve's table differs from what the policy compiles to.
    ///   - circumstances: what holds for packets that meet the tables.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    public init(own: Table?, others: [Table], drift: [Finding], in circumstances: Circumstances, now: Int64) {
        let isInSync = own != nil && !drift.contains { $0.severity == .error }
        reading =
            isInSync && others.isEmpty
            ? .closed : .regions(AccessRegions((own.map { [$0] } ?? []) + others, in: circumstances))
        self.now = now
    }

    /// Rulesets that this process may not read, and why.
    public init(unreadable reason: String, now: Int64) {
        reading = .denied(reason)
        self.now = now
    }

    /// What the sockets, and the ports that other tables publish, have to do with the policy.
    public func audit(of sockets: HostSockets, _ policy: Policy) -> [Finding] {
        var published = PublishedPorts(hasLegacyTable: sockets.hasLegacyTable)
        if case .regions(let regions) = reading {
            published.redirections = regions.redirections
            published.unread = regions.unread
        }
        let audit = ListenerAudit(
            policy: policy, listeners: sockets.listeners, ephemeral: sockets.ephemeral, published: published, now: now,
            exposure: exposure)
        guard case .denied(let reason) = reading else { return audit.findings }
        let message = "who can reach which port, and what other tables publish, is not known: \(reason)"
        return audit.findings + [Finding(.unknown, .warning, message)]
    }

    /// The ports that other tables publish.
    public var redirections: [Redirection] {
        guard case .regions(let regions) = reading else { return [] }
        return PublishedPorts(redirections: regions.redirections).ofPorts
    }

    /// Whether others get through to ports that no service lists.
    public func exposure(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ family: AddressFamily
    ) -> ListenerAudit.Exposure {
        switch reading {
        case .closed: return .shielded
        case .denied: return .unknown
        case .regions(let regions):
            let exposure = regions.exposure(transport, ports, family)
            return exposure.isOpen ? .reachable : exposure.isUnknown ? .unknown : .shielded
        }
    }
}
