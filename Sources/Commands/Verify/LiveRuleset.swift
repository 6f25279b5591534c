internal import Addressing
internal import Auditing
internal import Changes
internal import Kernel
internal import Listeners
internal import Policies
internal import Reachability
internal import Rulesets
internal import System

/// What all tables together let through, as they are.
struct LiveRuleset {
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
    init(_ ruleset: WholeRuleset, drift: [Finding], now: Int64) {
        let isInSync = ruleset.own.table != nil && !drift.contains { $0.severity == .error }
        reading =
            isInSync && ruleset.others.isEmpty
            ? .closed : .regions(AccessRegions(ruleset.tables, in: ruleset.circumstances(now: now)))
        self.now = now
    }

    /// Rulesets that this process may not read, and why.
    init(unreadable error: KernelError, now: Int64) {
        reading = .denied("\(error)")
        self.now = now
    }

    /// What the sockets, and the ports that other tables publish, have to do with the policy.
    func audit(of sockets: HostSockets, _ policy: Policy) -> [Finding] {
        var published = PublishedPorts(hasLegacyTable: sockets.hasLegacyTable)
        if case .regions(let regions) = reading {
            (published.redirections, published.unread) = (regions.redirections, regions.unread)
        }
        let audit = ListenerAudit(
            policy: policy, listeners: sockets.listeners, ephemeral: sockets.ephemeral, published: published, now: now,
            exposure: exposure)
        guard case .denied(let reason) = reading else { return audit.findings }
        let message = "who can reach which port, and what other tables publish, is not known: \(reason)"
        return audit.findings + [Finding(.unknown, .warning, message)]
    }

    /// The ports that other tables publish.
    var redirections: [Redirection] {
        guard case .regions(let regions) = reading else { return [] }
        return PublishedPorts(redirections: regions.redirections).ofPorts
    }

    /// Whether others get through to ports that no service lists.
    func exposure(
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
