internal import Addressing
public import Kernel
public import Listeners

extension BanOutcome {
    /// Terminates the sessions of the banned addresses.
    ///
    /// - Parameters:
    ///   - store: the sessions of the host.
    ///   - admins: finds the admin sessions, which are kept; `nil` to terminate them, too.
    /// - Returns: the terminated sessions, and those that could not be terminated.
    public func cut(among store: any SessionStore, sparing admins: (() -> AdminSessions)?) -> SessionCut {
        let banned = AddressSet(addresses)
        return SessionCut(among: store, sparing: admins) { sessions in
            sessions.filter { banned.contains($0.client.address) }
        }
    }
}
