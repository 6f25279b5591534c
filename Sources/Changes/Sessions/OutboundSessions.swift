internal import Addressing
public import Auditing
public import Kernel
internal import Listeners
public import Policies
public import System

extension [Finding] {
    /// The findings about connections that this host began: stale ones, and those of a program that no line expects.
    ///
    /// Nothing is read for a policy that has no use for it.
    public static func outboundSessions(
        _ policy: Policy, among store: any SessionStore, now: Int64
    ) throws(KernelError) -> [Finding] {
        let expects = policy.outbound.contains { !$0.client.processes.isEmpty || !$0.client.units.isEmpty }
        let refuses = policy.defaults.outbound == .reject
        guard policy.defaults.outbound != .accept, refuses || expects else { return [] }
        let audit = OutboundAudit(policy, now: now) { store.interface(to: $0) }
        let all = try store.connections().connections
        let stale = refuses ? audit.refused(all) : []
        let expected = audit.expected(all)
        guard !stale.isEmpty || !expected.isEmpty else { return [] }
        let owned = store.owners(of: stale + expected)
        let (first, rest) = (owned.prefix(stale.count), owned.dropFirst(stale.count))
        return audit.stale(first.map(\.self)) + audit.departures(rest.map(\.self), executables: ExecutableLinks.targets)
    }

    /// The connections of this host that the policy refuses today, as sessions that can be ended.
    static func outboundStale(
        _ policy: Policy, among store: any SessionStore, now: Int64
    ) throws(KernelError) -> [Session] {
        guard policy.defaults.outbound == .reject else { return [] }
        let audit = OutboundAudit(policy, now: now) { store.interface(to: $0) }
        return audit.refused(try store.connections().connections)
            .filter { $0.state == .established && $0.session.socket != nil }.map(\.session)
    }
}
