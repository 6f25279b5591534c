internal import Addressing
internal import Auditing
internal import Policies
internal import Reachability
internal import Rulesets

/// What all tables together let through, as they are.
struct LiveRuleset {
    private let regions: AccessRegions?
    private let now: Int64

    /// The rulesets of this host.
    ///
    /// Nothing is evaluated where nobody else has a table and portreeve's is as the policy says: it drops what no
    /// service lists.
    init(table: Table?, others: [Table], drift: [Finding], now: Int64) {
        self.now = now
        let isInSync = table != nil && !drift.contains { $0.severity == .error }
        regions =
            isInSync && others.isEmpty
            ? nil : AccessRegions(others + (table.map { [$0] } ?? []), in: Circumstances(now: now))
    }

    /// What the sockets, and the ports that other tables publish, have to do with the policy.
    func audit(of sockets: HostSockets, _ policy: Policy) -> [Finding] {
        let published = PublishedPorts(
            redirections: regions?.redirections ?? [], unread: regions?.unread ?? [],
            hasLegacyTable: sockets.hasLegacyTable)
        let audit = ListenerAudit(
            policy: policy, listeners: sockets.listeners, ephemeral: sockets.ephemeral, published: published, now: now,
            exposure: exposure)
        return audit.findings
    }

    /// Whether others get through to ports that no service lists.
    private func exposure(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ family: AddressFamily
    ) -> ListenerAudit.Exposure {
        guard let exposure = regions?.exposure(transport, ports, family) else { return .shielded }
        return exposure.isOpen ? .reachable : exposure.isUnknown ? .unknown : .shielded
    }
}
