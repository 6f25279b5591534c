internal import Auditing
internal import Compiler
public import Kernel
public import Listeners
internal import Policies
internal import System

/// The sessions that a change of the policy would orphan: allowed now, refused after it.
public struct OrphanedSessions {
    /// The sessions, with their owners.
    public private(set) var sessions: [Session] = []
    /// Why the list may be incomplete; `nil` if it is complete.
    public private(set) var doubt: String?

    /// The sessions that a plan would orphan; none if the plan is empty.
    public init(by plan: PlannedChange, among store: any SessionStore, now: Int64) {
        guard !plan.isEmpty else { return }
        do throws(KernelError) {
            let list = try store.read()
            doubt = list.doubt
            let audit = SessionAudit(plan.policy, plan.compiled, routedBy: store, now: now)
            let outgoing = try [Finding].outboundStale(plan.policy, among: store, now: now)
            let orphaned =
                audit.orphaned(audit.stale(list.sessions), by: plan.snapshot.table)
                + outgoing.letOut(by: plan.snapshot.table, now: now)
            if !orphaned.isEmpty { sessions = try store.owners(of: orphaned) }
        } catch {
            doubt = "\(error)"
        }
    }

    /// The sessions that the policy of an empty plan refuses.
    public init(refusedBy plan: PlannedChange, among store: any SessionStore, now: Int64) {
        do throws(KernelError) {
            let list = try store.read()
            doubt = list.doubt
            let refused =
                SessionAudit(plan.policy, plan.compiled, routedBy: store, now: now).stale(list.sessions)
                + (try [Finding].outboundStale(plan.policy, among: store, now: now))
            if !refused.isEmpty { sessions = try store.owners(of: refused) }
        } catch {
            doubt = "\(error)"
        }
    }
}
