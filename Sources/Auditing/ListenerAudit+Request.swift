public import Listeners
public import Policies

extension ListenerAudit {
    /// The inode numbers of the sockets whose processes a finding can name, compare or depend on.
    ///
    /// A declared port that any process may use, or one on loopback alone, is judged by its addresses, as long as no other socket
    /// shares it; `forward` names the listeners that it shadows.
    public static func socketsToIdentify(among listeners: [Listener], _ policy: Policy) -> Set<UInt64> {
        if policy.services.contains(where: { $0.section == .forward }) { return Set(listeners.map(\.inode)) }
        let services = ServicePorts(policy)
        let crowded = ListenersByPort(listeners).crowds.flatMap { $0.map(\.inode) }
        let others = listeners.filter { listener in
            let owners = services.owners(listener.transport, listener.port...listener.port)
            let isOpenToAny = owners.allSatisfy(\.service.listener.isAnybody)
            return !isOpenToAny || services.owner(of: listener) == nil && !listener.isLoopbackOnly
        }
        return Set(crowded).union(others.map(\.inode))
    }
}
