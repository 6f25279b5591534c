internal import Addressing
public import Listeners
public import Policies
public import Reachability
internal import Rulesets

/// What listens, or is published, and is reached by somebody before a change of the ruleset and by nobody after.
public struct ReachabilityLoss {
    private let before: AccessRegions
    private let after: AccessRegions
    private let services: ServicePorts
    private let redirections: [Redirection]

    /// The loss between what all tables let through before and after a change to this policy.
    public init(from before: AccessRegions, to after: AccessRegions, of policy: Policy) {
        self.before = before
        self.after = after
        services = ServicePorts(policy)
        redirections = PublishedPorts(redirections: before.redirections).ofPorts
    }

    /// Ports that other tables publish to nobody after the change, by port: one for both families of one rule.
    public var publishedPorts: [Finding] {
        var told: Set<Redirection> = []
        return redirections.compactMap { redirection in
            let same = redirections.filter { $0.isSame(as: redirection) }
            guard same.allSatisfy({ told.insert($0).inserted }),
                let loss = loss(redirection.transport, redirection.ports, Set(same.map(\.family)))
            else { return nil }
            let rule = redirection.rule
            return Finding(
                .unreachablePublishedPort, .error, sentence(loss, "which \(rule.table) publishes by \"\(rule)\""),
                service: loss.service, port: loss.port, table: rule.table.description, chain: rule.chain)
        }
    }

    /// Those of these listeners that nobody reaches after the change, by port.
    ///
    /// A proxy in front of a published port is not named beside it, nor a client that waits for answers.
    public func listeners(_ listeners: [Listener], _ ephemeral: EphemeralPorts) -> [Finding] {
        let servers = listeners.filter { listener in
            let isClient = [.udp, .udplite].contains(listener.transport) && ephemeral.contains(listener.ports)
            return !listener.isLoopbackOnly && !isClient && !isPublished(listener)
        }
        let groups = Dictionary(grouping: servers) {
            ListenerKey(transport: $0.transport, port: $0.port, owner: $0.ownerText)
        }
        return groups.sorted { $0.key < $1.key }.compactMap { key, group in
            let families = Set(group.flatMap(\.families))
            guard var loss = loss(key.transport, key.port...key.port, families) else { return nil }
            loss.port.address = group.first?.address
            return Finding(
                .unreachableListener, .error, sentence(loss, "where \(key.owner) listens (\(group.addresses))"),
                service: loss.service, port: loss.port, process: group.flatMap(\.processes).first)
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
    /// A port that nobody reaches any more.
    private struct Loss {
        var port: AuditedPort
        /// The family that it is so for; `nil` for all that it was served on.
        var family: AddressFamily?
        /// One who reaches it before the change, or may do so.
        var witness: String
        var isCertain: Bool
        var service: String?
    }

    /// What becomes of a port; `nil` where somebody still gets through, or nobody did.
    private func loss(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ families: Set<AddressFamily>
    ) -> Loss? {
        let lost = families.filter { family in
            let (was, willBe) = (before.exposure(transport, ports, family), after.exposure(transport, ports, family))
            return (was.isOpen || was.isUnknown) && !willBe.isOpen && !willBe.isUnknown
        }
        guard let family = lost.min(by: { $0.rawValue < $1.rawValue }),
            let witness = before.witness(transport, ports, family)
        else { return nil }
        return Loss(
            port: AuditedPort(transport, ports), family: lost == families ? nil : family,
            witness: witness.source.description, isCertain: witness.isCertain,
            service: services.owners(transport, ports).first?.service.name)
    }

    private func sentence(_ loss: Loss, _ subject: String) -> String {
        let family = loss.family.map { " over \($0.title)" } ?? ""
        let advice = loss.service == nil ? "; no service lists it" : ""
        return "nobody reaches \(loss.port.text)\(family) any more, \(subject): \(loss.witness) "
            + (loss.isCertain ? "does now" : "may do so now") + advice
    }
}

extension Redirection {
    /// Whether it is the other's rule for the same ports, be it for another family.
    fileprivate func isSame(as other: Self) -> Bool {
        transport == other.transport && ports == other.ports && rule == other.rule
    }
}

extension Listener {
    /// The port as a range.
    fileprivate var ports: ClosedRange<UInt16> { port...port }
}
