public import Addressing
public import Auditing
internal import Compiler
internal import Kernel
public import Listeners
internal import Reachability
internal import Rulesets
public import System

/// The consequences of a planned change for clients.
public struct Consequences {
    /// The sources that gain and lose access to this host, by all tables together.
    public let access: AccessReport
    /// Listeners that lose clients.
    public let clients: [ClientLoss]
    /// The TCP ports of SSH servers that no client can reach any more.
    public let closedSSH: [UInt16]
    /// Listeners and published ports that become unreachable, and connections that other tables still drop or redirect.
    public let breakages: [Finding]

    /// Computes the consequences.
    ///
    /// Sockets are readable without privileges; their owners are not.
    public init(
        of plan: PlannedChange, now: Int64, losses outbound: OutboundLosses? = nil,
        sockets: () throws(KernelError) -> HostSockets,
        resolvers: () -> [IPAddress] = { [] }
    ) {
        let others = plan.ruleset.neighbours
        let circumstances = plan.ruleset.circumstances(now: now)
        let overrides =
            plan.isEmpty
            ? nil
            : Computation { [policy = plan.policy, compiled = plan.compiled, others = plan.ruleset.others] in
                [Finding].foreignOverrides(of: policy, compiled: compiled, others: others, in: circumstances)
            }
        access = AccessReport(
            from: plan.ruleset.tables, plan.before, to: [plan.compiled.table] + others, plan.after, in: circumstances)
        guard let overrides else {
            (clients, closedSSH, breakages) = ([], [], .legacyTables(plan.ruleset.legacy))
            return
        }
        let loss = ReachabilityLoss(from: access.before, to: access.after, of: plan.policy)
        var losses = loss.publishedPorts
        do throws(KernelError) {
            let sockets = try sockets()
            let listeners = sockets.listeners.map { $0.naming(sockets.containers) }
            clients = loss.clients(of: listeners, raw: sockets.raw, sockets.ephemeral)
            closedSSH = clients.filter(\.after.isEmpty).map(\.port).ofSSH(among: listeners)
            losses += .shadowedListeners(of: plan.policy, listeners)
            losses = loss.listeners(listeners, sockets.ephemeral) + loss.rawSockets(sockets.raw) + losses
        } catch {
            (clients, closedSSH) = ([], [])
            losses.append(Finding(.unknown, .warning, "cannot read the listening sockets: \(error)"))
        }
        let denied = [Finding].deniedHost(
            of: plan.policy, addresses: plan.ruleset.addresses, gateways: plan.ruleset.gateways,
            resolvers: resolvers())
        let forwarding = [Finding].forwarding(of: plan.policy, over: plan.ruleset.network)
        let found =
            denied + forwarding + losses + (outbound?.findings ?? []) + overrides.value().sorted { $0.rank < $1.rank }
        // Behind all that asks for interfaces and routes.
        let fault = plan.ruleset.network?.fault
        breakages = found + .legacyTables(plan.ruleset.legacy) + (fault.map { [.unreadNetwork($0)] } ?? [])
    }
}

extension [AuditedPort] {
    /// Those of SSH servers among the listeners.
    func ofSSH(among listeners: [Listener]) -> [UInt16] {
        let ports = filter { $0.transport == .tcp }.map(\.range.lowerBound)
        return SSHServers.ports(of: listeners) { $0 }.filter(ports.contains)
    }
}

extension Finding {
    /// The order: certain drops first, unknown effects last.
    fileprivate var rank: Int { severity == .error ? 0 : identifier == .unknown ? 2 : 1 }
}
