public import Auditing
internal import Compiler
internal import Kernel
public import Listeners
internal import Reachability
internal import Rulesets
public import System

/// The consequences of a planned change for clients.
public struct Consequences {
    /// The sources that gain and lose access.
    public let access: AccessReport
    /// Listeners that become unreachable, and connections that other tables still drop or redirect.
    public let breakages: [Finding]

    /// Computes the consequences.
    ///
    /// Sockets are readable without privileges; their owners are not.
    public init(
        of plan: PlannedChange, now: Int64, sockets: () throws(KernelError) -> HostSockets
    ) {
        let access = AccessReport(
            from: plan.snapshot.table, plan.before, to: plan.compiled.table, plan.after, now: now)
        self.access = access
        guard !plan.isEmpty else {
            breakages = []
            return
        }
        let others = plan.ruleset.others
        let circumstances = plan.ruleset.circumstances(now: now)
        // Without other tables, portreeve's table alone decides.
        let isAlone = others.isEmpty && plan.snapshot.table != nil
        let before = isAlone ? access.before : AccessRegions(plan.ruleset.tables, in: circumstances)
        let after =
            others.isEmpty ? access.after : AccessRegions([plan.compiled.table] + others, in: circumstances)
        let overrides = [Finding].foreignOverrides(
            of: plan.policy, compiled: plan.compiled, others: others, in: circumstances)
        breakages =
            Self.losses(ReachabilityLoss(from: before, to: after, of: plan.policy), sockets)
            + overrides.sorted { $0.rank < $1.rank }
    }

    private static func losses(
        _ loss: ReachabilityLoss, _ sockets: () throws(KernelError) -> HostSockets
    ) -> [Finding] {
        do throws(KernelError) {
            let sockets = try sockets()
            return loss.listeners(sockets.listeners, sockets.ephemeral) + loss.publishedPorts
        } catch {
            return loss.publishedPorts + [Finding(.unknown, .warning, "cannot read the listening sockets: \(error)")]
        }
    }
}

extension Finding {
    /// The order: certain drops first, unknown effects last.
    fileprivate var rank: Int { severity == .error ? 0 : identifier == .unknown ? 2 : 1 }
}
