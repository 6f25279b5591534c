internal import Auditing
internal import Compiler
public import Kernel
public import Listeners
internal import Policies
internal import System

/// The sessions that a change of the policy would orphan: those that are let in now, and would be refused.
public struct OrphanedSessions {
    /// The sessions, with their owners.
    public private(set) var sessions: [Session] = []
    /// Why there may be more; `nil` if there are not.
    public private(set) var doubt: String?

    /// Those that a plan would orphan; none where it changes nothing.
    public init(by plan: PlannedChange, among store: any SessionStore, now: Int64) {
        guard !plan.isEmpty else { return }
        do throws(KernelError) {
            let list = try store.read()
            doubt = list.doubt
            let audit = SessionAudit(plan.policy, plan.compiled, routedBy: store, now: now)
            let orphaned = audit.orphaned(audit.stale(list.sessions), by: plan.snapshot.table)
            if !orphaned.isEmpty { sessions = try store.owners(of: orphaned) }
        } catch {
            doubt = "\(error)"
        }
    }
}
