internal import Addressing
public import Auditing
internal import Compiler
public import Kernel
internal import Listeners
public import Policies
internal import Reachability
internal import Rulesets
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
            .filter { $0.state == .established && !$0.isWithoutSocket }
            .map { connection in
                var session = connection.session
                session.isOutbound = true
                session.interface = session.interface ?? audit.call(connection).interface
                return session
            }
    }
}

extension [Session] {
    /// The sessions of this host among them that a table lets out.
    func letOut(by table: Table?, now: Int64) -> [Session] {
        guard let table, DecompiledPolicy(table).outboundMode == .reject else { return self }
        let circumstances = Circumstances(now: now)
        return filter { session in
            var packet = Packet(
                transport: session.transport, port: session.port, from: session.dialled.address,
                interface: session.interface ?? "")
            packet.user = session.socket.map { .number($0.userID) }
            return PacketEvaluation.conclude(packet, through: [table], in: circumstances, path: .leaving).verdict
                != .refuse
        }
    }
}
