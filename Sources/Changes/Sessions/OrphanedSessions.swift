internal import Auditing
internal import Compiler
public import Kernel
public import Listeners
public import Policies
public import Rulesets
internal import System

/// The sessions that a change orphans: allowed before it, refused after it.
public struct OrphanedSessions {
    /// The sessions, with their owners.
    public private(set) var sessions: [Session] = []
    /// Why the list may be incomplete; `nil` if it is complete.
    public private(set) var doubt: String?

    static let unknownPolicy = "the policy of the table cannot be read"

    /// The sessions that a plan would orphan; none if the plan is empty.
    public init(by plan: PlannedChange, among store: any SessionStore, now: Int64) {
        guard !plan.isEmpty else {
            self.init(doubt: nil)
            return
        }
        self.init(plan.policy, plan.compiled.table, allowedBy: plan.snapshot, among: store, now: now)
    }

    /// The sessions that a change would orphan; none if it changes nothing, or leaves no table.
    ///
    /// - Parameters:
    ///   - change: the change, before it is made.
    ///   - policy: the policy of its table; `nil` if it cannot be read.
    ///   - store: the sessions of the host.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    public init(by change: RulesetChange, of policy: Policy?, among store: any SessionStore, now: Int64) {
        guard let table = change.target, !change.transaction.isEmpty else {
            self.init(doubt: nil)
            return
        }
        guard let policy else {
            self.init(doubt: Self.unknownPolicy)
            return
        }
        self.init(policy, table, allowedBy: change.snapshot, among: store, now: now)
    }

    /// The sessions that a table refuses, which is in force and has this policy; `nil` for one that cannot be read.
    public init(refusedBy table: Table, of policy: Policy?, among store: any SessionStore, now: Int64) {
        guard let policy else {
            self.init(doubt: Self.unknownPolicy)
            return
        }
        self.init(policy, table, allowedBy: nil, among: store, now: now)
    }

    private init(
        _ policy: Policy, _ table: Table, allowedBy live: TableSnapshot?, among store: any SessionStore, now: Int64
    ) {
        self.init(among: store) { sessions throws(KernelError) in
            let audit = SessionAudit(policy, table, routedBy: store, now: now)
            let (arrived, begun) = (audit.stale(sessions), try [Finding].outboundStale(policy, among: store, now: now))
            guard let live else { return arrived + begun }
            return audit.orphaned(arrived, by: live.table) + begun.letOut(by: live.table, now: now)
        }
    }

    /// No sessions, for this reason; `nil` if there are none.
    init(doubt: String?) { self.doubt = doubt }

    /// The sessions that `choose` returns.
    init(among store: any SessionStore, _ choose: ([Session]) throws(KernelError) -> [Session]) {
        do throws(KernelError) {
            let list = try store.read()
            doubt = list.doubt
            let chosen = try choose(list.sessions)
            if !chosen.isEmpty { sessions = try store.owners(of: chosen) }
        } catch {
            doubt = "\(error)"
        }
    }
}
