internal import Addressing
public import Listeners
public import Policies
public import Reachability
internal import Rulesets

/// Listeners and published ports that are reachable before a change of the ruleset, and not after it.
public struct ReachabilityLoss {
    private let before: AccessRegions
    private let after: AccessRegions
    private let services: ServicePorts
    private let redirections: [Redirection]

    /// Compares the access through all tables before and after a change to this policy.
    public init(from before: AccessRegions, to after: AccessRegions, of policy: Policy) {
        self.init(from: before, to: after, ServicePorts(policy))
    }

    /// Compares the access through all tables before and after a change, without regard to services.
    public init(from before: AccessRegions, to after: AccessRegions) {
        self.init(from: before, to: after, ServicePorts())
    }

    private init(from before: AccessRegions, to after: AccessRegions, _ services: ServicePorts) {
        self.before = before
        self.after = after
        self.services = services
        redirections = PublishedPorts(redirections: before.redirections.filter(\.isPublished)).ofPorts
    }

    /// Published ports that the change closes, by port: one finding for both families of one rule.
    public var publishedPorts: [Finding] {
        var told: Set<Redirection> = []
        return redirections.compactMap { redirection in
            let same = redirections.filter { $0.isSame(as: redirection) }
            guard same.allSatisfy({ told.insert($0).inserted }),
                let loss = loss(redirection.transport, redirection.ports, Set(same.map(\.family)))
            else { return nil }
            let rule = redirection.rule
            return Finding(
                .unreachablePublishedPort, .error, sentence(loss, ", published by \(rule.table) with \"\(rule)\""),
                service: loss.service, port: loss.port, table: rule.table.description, chain: rule.chain)
        }
    }

    /// Listeners that the change makes unreachable, by port.
    ///
    /// A proxy in front of a published port is left out, and so is a client that waits for answers.
    public func listeners(_ listeners: [Listener], _ ephemeral: EphemeralPorts) -> [Finding] {
        servers(listeners, ephemeral).compactMap { key, group in
            let families = Set(group.flatMap(\.families))
            guard var loss = loss(key.transport, key.port...key.port, families, at: group) else { return nil }
            loss.port.address = group.first?.address
            loss.service = group.lazy.compactMap(services.owner).first?.name
            return Finding(
                .unreachableListener, .error, sentence(loss, " \(group.ownerText)"),
                service: loss.service, port: loss.port, process: group.flatMap(\.processes).first)
        }
    }

    /// Listeners, and raw sockets that wait for a protocol without ports, that the change closes to clients; those first that no
    /// client can reach any more; then by port.
    public func clients(
        of listeners: [Listener], raw: [Listener] = [], _ ephemeral: EphemeralPorts
    ) -> [ClientLoss] {
        let waiting = Self.groups(raw.filter(\.waitsForProtocol))
        let losses = (servers(listeners, ephemeral) + waiting).compactMap { key, group -> ClientLoss? in
            let families = Set(group.flatMap(\.families))
            let ports = key.transport.hasPorts ? key.port...key.port : 0...UInt16.max
            let port = AuditedPort(key.transport, ports, at: group.first?.address)
            let loss = ClientLoss(
                port: port, processes: group.flatMap(\.processes).distinct,
                service: group.lazy.compactMap(services.owner).first?.name,
                before: clients(before, port, families, group), after: clients(after, port, families, group))
            return loss.lost.isEmpty ? nil : loss
        }
        return losses.filter(\.after.isEmpty) + losses.filter { !$0.after.isEmpty }
    }

    private func clients(
        _ regions: AccessRegions, _ port: AuditedPort, _ families: Set<AddressFamily>, _ listeners: [Listener]
    ) -> ClientLoss.Clients {
        var clients = ClientLoss.Clients()
        for family in families {
            let found = regions.sources(port.transport, port.range, family, at: listeners.boundAddresses)
            clients.certain = clients.certain.union(found.open)
            clients.possible = clients.possible.union(found.unknown)
        }
        return clients
    }

    /// The listeners of other hosts' clients, by port and owner.
    private func servers(
        _ listeners: [Listener], _ ephemeral: EphemeralPorts
    ) -> [(key: ListenerKey, value: [Listener])] {
        let servers = listeners.filter { listener in
            let isClient = [.udp, .udplite].contains(listener.transport) && ephemeral.contains(listener.ports)
            return !listener.isLoopbackOnly && !isClient && !isPublished(listener)
        }
        return Self.groups(servers)
    }

    private static func groups(_ sockets: [Listener]) -> [(key: ListenerKey, value: [Listener])] {
        let groups = Dictionary(grouping: sockets) {
            ListenerKey(transport: $0.transport, port: $0.port, owner: $0.ownerKey)
        }
        return groups.sorted { $0.key < $1.key }
    }

    /// Raw sockets of undeclared protocols without ports, whose packets the change refuses.
    public func rawSockets(_ sockets: [Listener]) -> [Finding] {
        Self.groups(sockets.filter { $0.waitsForUndeclared(in: services) }).compactMap { key, group in
            guard let loss = loss(key.transport, 0...UInt16.max, Set(group.flatMap(\.families)), at: group)
            else { return nil }
            return Finding(
                .unreachableListener, .error, sentence(loss, " \(group.ownerText)"), port: loss.port,
                process: group.flatMap(\.processes).first)
        }
    }

    private func isPublished(_ listener: Listener) -> Bool {
        redirections.contains {
            $0.transport == listener.transport && $0.ports.contains(listener.port)
                && listener.families.contains($0.family)
        }
    }
}

extension ReachabilityLoss {
    /// A port that the change closes.
    private struct Loss {
        var port: AuditedPort
        /// The only family that is closed; `nil` if every family of the port is.
        var family: AddressFamily?
        /// Whether the port is open today for certain.
        var isCertain: Bool
        var service: String?
    }

    /// The loss of a port; `nil` if it stays reachable, or was not reachable before.
    private func loss(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ families: Set<AddressFamily>,
        at listeners: [Listener] = []
    ) -> Loss? {
        let addresses = listeners.boundAddresses
        let lost = families.filter { family in
            let was = before.exposure(transport, ports, family, at: addresses)
            let willBe = after.exposure(transport, ports, family, at: addresses)
            return (was.isOpen || was.isUnknown) && !willBe.isOpen && !willBe.isUnknown
        }
        guard let family = lost.min(by: { $0.rawValue < $1.rawValue }),
            let witness = before.witness(transport, ports, family, at: addresses)
        else { return nil }
        return Loss(
            port: AuditedPort(transport, ports), family: lost == families ? nil : family,
            isCertain: witness.isCertain, service: services.owners(transport, ports).first?.service.name)
    }

    private func sentence(_ loss: Loss, _ subject: String) -> String {
        let family = loss.family.map { " over \($0.title)" } ?? ""
        let advice = loss.service == nil ? "; not in the policy" : ""
        return "\(loss.port.text)\(subject): " + (loss.isCertain ? "open" : "possibly open")
            + "\(family) today, closed after this" + advice
    }
}

extension Redirection {
    /// Whether both are redirections of the same ports by the same rule, for any family.
    fileprivate func isSame(as other: Self) -> Bool {
        transport == other.transport && ports == other.ports && rule == other.rule
    }
}

extension Listener {
    /// The port as a range.
    fileprivate var ports: ClosedRange<UInt16> { port...port }
}
