internal import Addressing
internal import Auditing
public import Compiler
public import Kernel
public import Listeners
public import Policies
internal import System

/// The end of the sessions that a policy refuses.
public struct SessionCut {
    /// Those that were ended.
    public private(set) var ended: [Session] = []
    /// The administrator's own, which were left alone.
    public private(set) var spared: [Session] = []
    /// Those that are still there.
    public private(set) var remaining: [Session] = []
    /// Those whose server was not found, and may speak on.
    public private(set) var unsure: [Session] = []

    /// Why sessions could not be read or ended.
    public private(set) var failure: String?

    /// Ends the sessions that the policy, which is in force, refuses.
    ///
    /// - Parameters:
    ///   - policy: the policy.
    ///   - compiled: what it compiles to.
    ///   - store: the sessions of the host.
    ///   - admins: finds the admin sessions, which are spared; `nil` where they are to end, too.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    public init(
        _ policy: Policy, _ compiled: CompiledPolicy, among store: any SessionStore,
        sparing admins: (() -> AdminSessions)?, now: Int64
    ) {
        do throws(KernelError) {
            let list = try store.read()
            failure = list.doubt
            var stale = SessionAudit(policy, compiled, routedBy: store, now: now).stale(list.sessions)
            if let admins, !stale.isEmpty { spare(admins(), in: &stale) }
            try end(stale, in: store)
        } catch {
            failure = "\(error)"
        }
    }

    /// Takes the sessions of those who work on the host out, and all of them where these are not known.
    private mutating func spare(_ admins: AdminSessions, in stale: inout [Session]) {
        if let doubt = admins.doubt {
            failure = "it could not be found out which is yours (\(doubt)), and --force ends all"
            stale = []
        }
        spared = stale.filter(admins.own)
        stale.removeAll(where: admins.own)
    }

    /// Ends sessions, and looks which of them are there still.
    private mutating func end(_ stale: [Session], in store: any SessionStore) throws(KernelError) {
        guard !stale.isEmpty else { return }
        let named = try store.owners(of: stale)
        unsure = try store.end(named)
        let left = Set(try store.read().sessions.map(\.ends))
        remaining = named.filter { left.contains($0.ends) }
        let doubtful = left.union(unsure.map(\.ends))
        ended = named.filter { !doubtful.contains($0.ends) }
    }

    /// Whether every session that the policy refuses was ended, but for the spared ones.
    public var isComplete: Bool { remaining.isEmpty && unsure.isEmpty && failure == nil }
}

extension AdminSessions {
    /// Whether the session is one of theirs: from there, with the same server.
    fileprivate func own(_ session: Session) -> Bool {
        session.transport == .tcp
            && sessions.contains { $0.client == session.client.address && $0.server == session.server }
    }
}
