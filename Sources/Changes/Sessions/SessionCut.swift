internal import Addressing
internal import Auditing
public import Kernel
public import Listeners
public import Policies
public import Rulesets
internal import System

/// The termination of the sessions that a policy refuses.
public struct SessionCut {
    /// The terminated sessions.
    public private(set) var ended: [Session] = []
    /// The admin sessions, which were kept.
    public private(set) var spared: [Session] = []
    /// The sessions that are still established.
    public private(set) var remaining: [Session] = []
    /// The sessions without a known server, which may still send.
    public private(set) var unsure: [Session] = []

    /// Why sessions could not be read or terminated.
    public private(set) var failure: String?

    /// Terminates the sessions that the policy, which must be in force, refuses.
    ///
    /// - Parameters:
    ///   - policy: the policy; `nil` if it cannot be read.
    ///   - table: its table, with grants and bans; `nil` for none, which refuses nothing.
    ///   - store: the sessions of the host.
    ///   - admins: finds the admin sessions, which are kept; `nil` to terminate them, too.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    public init(
        _ policy: Policy?, _ table: Table?, among store: any SessionStore,
        sparing admins: (() -> AdminSessions)?, now: Int64
    ) {
        guard let table else {
            self.init(failure: nil)
            return
        }
        guard let policy else {
            self.init(failure: OrphanedSessions.unknownPolicy)
            return
        }
        let outgoing = { () throws(KernelError) in try [Finding].outboundStale(policy, among: store, now: now) }
        self.init(among: store, sparing: admins, outgoing) { sessions in
            SessionAudit(policy, table, routedBy: store, now: now).stale(sessions)
        }
    }

    /// No termination, for this reason; `nil` if there is nothing to end.
    init(failure: String?) { self.failure = failure }

    /// Terminates the sessions that `choose` returns, and the sessions of this host that `outgoing` finds.
    init(
        among store: any SessionStore, sparing admins: (() -> AdminSessions)?,
        _ outgoing: () throws(KernelError) -> [Session] = { [] }, choosing choose: ([Session]) -> [Session]
    ) {
        do throws(KernelError) {
            let list = try store.read()
            failure = list.doubt
            var stale = choose(list.sessions) + (try outgoing())
            if let admins, !stale.isEmpty { spare(admins(), in: &stale) }
            try end(stale, in: store, outgoing)
        } catch {
            failure = "\(error)"
        }
    }

    /// Removes the admin sessions from the list; removes all if the admin sessions are not known.
    private mutating func spare(_ admins: AdminSessions, in stale: inout [Session]) {
        if let doubt = admins.doubt {
            failure = "cannot find your own session (\(doubt)), so none was ended; --force ends all, yours too"
            stale = []
        }
        spared = stale.filter(admins.own)
        stale.removeAll(where: admins.own)
    }

    /// Terminates sessions, then checks which of them still exist.
    private mutating func end(
        _ stale: [Session], in store: any SessionStore, _ outgoing: () throws(KernelError) -> [Session]
    ) throws(KernelError) {
        guard !stale.isEmpty else { return }
        let named = try store.owners(of: stale)
        unsure = try store.end(named)
        var left = Set(try store.read().sessions.map(\.ends))
        if stale.contains(where: \.isOutbound) { left.formUnion(try outgoing().map(\.ends)) }
        remaining = named.filter { left.contains($0.ends) }
        let doubtful = left.union(unsure.map(\.ends))
        ended = named.filter { !doubtful.contains($0.ends) }
    }

    /// Whether every refused session was terminated, except the admin sessions.
    public var isComplete: Bool { remaining.isEmpty && unsure.isEmpty && failure == nil }
}

extension AdminSessions {
    /// Whether the session is an admin session: from the same address, with the same server.
    fileprivate func own(_ session: Session) -> Bool {
        session.transport == .tcp
            && sessions.contains { $0.client == session.client.address && $0.server == session.server }
    }
}
