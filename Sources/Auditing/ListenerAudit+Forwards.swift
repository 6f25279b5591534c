internal import Addressing
public import Listeners
public import Policies

extension ListenerAudit {
    /// The findings about the sockets to which a forward leads: none on other hosts.
    func findings(aboutForward forward: Service) -> [Finding] {
        guard let forwarding = forward.forwarding, forwarding.isLocal else { return [] }
        return forwarding.localPorts(of: forward).flatMap { port in
            let all = listeners.on(port.transport, port.range)
            return reachability(of: port, all, forward) + expectations(of: forward, on: all)
        }
    }

    /// Whether a forward leads to the socket.
    func isTarget(_ listener: Listener) -> Bool {
        localTargets[listener.transport]?.contains(listener.port) == true
    }
}

extension [Finding] {
    /// The sockets beyond loopback on ports that forwards lead elsewhere: one finding for each owner and port.
    ///
    /// Their clients get to the target instead.
    public static func shadowedListeners(of policy: Policy, _ listeners: [Listener]) -> [Finding] {
        guard policy.services.contains(where: { $0.section == .forward }) else { return [] }
        let (services, targets) = (ServicePorts(policy), policy.localTargets)
        let groups = Dictionary(grouping: listeners.filter { !$0.isLoopbackOnly }) {
            ListenerKey(transport: $0.transport, port: $0.port, owner: $0.ownerKey)
        }
        return groups.sorted { $0.key < $1.key }.compactMap { key, group in
            guard let forward = group.lazy.compactMap(services.owner).first, forward.section == .forward,
                targets[key.transport]?.contains(key.port) != true
            else { return nil }
            let place = AuditedPort(key.transport, key.port...key.port, at: group.first?.address)
            return Finding(
                .undeclaredListener, .warning,
                "\(group.ownerText) listens on \(place.text) (\(group.addresses)), but forward \"\(forward.name)\" sends "
                    + "clients of that port elsewhere: bind it to loopback, or stop it",
                service: forward.name, port: place, process: group.flatMap(\.processes).first,
                policy: forward.location)
        }
    }
}

extension Policy {
    /// The ports of this host to which forwards lead.
    var localTargets: [TransportProtocol: IntervalSet<UInt16>] {
        let ports = services.flatMap { service in service.forwarding?.localPorts(of: service) ?? [] }
        return Dictionary(grouping: ports, by: \.transport).mapValues { IntervalSet($0.map(\.range)) }
    }
}

extension Forwarding {
    /// The ports of this host to which the forward leads, each with the location of its target.
    func localPorts(of forward: Service) -> [ServicePort] {
        let transports = Set(forward.ports.map(\.transport)).sorted { $0.rawValue < $1.rawValue }
        return targets.filter(\.isLocal).flatMap { target -> [ServicePort] in
            guard let port = target.port else { return [] }
            return transports.map { ServicePort(transport: $0, range: port...port, location: target.location) }
        }
    }
}
