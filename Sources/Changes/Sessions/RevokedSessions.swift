public import Addressing
internal import Auditing
internal import Compiler
public import Kernel
public import Listeners
public import Policies
public import Rulesets
internal import System

/// The sessions with a service that are refused since its grants have ended: packets of known connections still pass.
public struct RevokedSessions {
    private let store: any SessionStore
    /// Whether there is a table, without which no session is refused, and none need be listed.
    private let isLoaded: Bool
    private let choose: (([Session]) -> [Session])?

    /// The sessions that the live table refuses.
    ///
    /// - Parameters:
    ///   - service: the name of the service.
    ///   - client: the address; `nil` for all clients of the service.
    ///   - table: the live table; `nil` for none, which refuses nothing.
    ///   - policy: its policy; `nil` if it cannot be read.
    ///   - store: the sessions of the host.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    public init(
        with service: String, from client: IPAddress?, refusedBy table: Table?, of policy: Policy?,
        among store: any SessionStore, now: Int64
    ) {
        self.store = store
        guard let table else {
            (isLoaded, choose) = (false, { _ in [] })
            return
        }
        isLoaded = true
        choose = policy.map { policy in
            let audit = SessionAudit(policy, table, routedBy: store, now: now)
            return { audit.stale($0, of: service, from: client.map { [$0] } ?? []) }
        }
    }

    /// The sessions that stay open.
    public var open: OrphanedSessions {
        guard isLoaded else { return OrphanedSessions(doubt: nil) }
        guard let choose else { return OrphanedSessions(doubt: OrphanedSessions.unknownPolicy) }
        return OrphanedSessions(among: store) { sessions throws(KernelError) in choose(sessions) }
    }

    /// Terminates them, except those of the admins, unless these are `nil`.
    public func cut(sparing admins: (() -> AdminSessions)?) -> SessionCut {
        guard let choose else { return SessionCut(failure: OrphanedSessions.unknownPolicy) }
        return SessionCut(among: store, sparing: admins, choosing: choose)
    }
}
