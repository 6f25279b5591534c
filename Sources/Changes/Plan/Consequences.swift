public import Auditing
internal import Compiler
internal import Kernel
public import Listeners
internal import Reachability
internal import Rulesets
public import System

/// What a planned change means to those who connect.
public struct Consequences {
    /// Who gains and who loses access.
    public let access: AccessReport
    /// What nobody reaches any more, and what others go on dropping or redirecting.
    public let breakages: [Finding]

    /// Works them out; sockets are everybody's to see, whom they belong to is not.
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
        // Where nobody else has a table, what portreeve's lets in is all that gets in.
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
            return loss.publishedPorts + [Finding(.unknown, .warning, "who listens could not be read: \(error)")]
        }
    }
}

extension Finding {
    /// Drops for certain come first, what is not known last.
    fileprivate var rank: Int { severity == .error ? 0 : identifier == .unknown ? 2 : 1 }
}
