public import Addressing
public import Listeners
public import Policies
internal import Reachability

/// Cross-checks the sockets of a host, and the ports that others publish on it, with its policy.
public struct ListenerAudit {
    /// Whether somebody beyond this host gets through to a port.
    public enum Exposure: Hashable, Sendable {
        /// Somebody does.
        case reachable
        /// Nobody does: the ruleset stands before it.
        case shielded
        /// It depends on what could not be understood.
        case unknown
    }

    let policy: Policy
    let listeners: ListenersByPort
    let services: ServicePorts
    let ephemeral: EphemeralPorts
    let published: PublishedPorts
    let now: Int64
    let exposure: (TransportProtocol, ClosedRange<UInt16>, AddressFamily) -> Exposure

    /// An audit.
    ///
    /// - Parameters:
    ///   - policy: the policy.
    ///   - listeners: the sockets, with their owners.
    ///   - ephemeral: the ports that the kernel gives to clients.
    ///   - published: what other tables publish.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - exposure: what the live ruleset lets through to ports, as clients dial them.
    public init(
        policy: Policy, listeners: [Listener], ephemeral: EphemeralPorts, published: PublishedPorts = PublishedPorts(),
        now: Int64, exposure: @escaping (TransportProtocol, ClosedRange<UInt16>, AddressFamily) -> Exposure
    ) {
        self.policy = policy
        self.listeners = ListenersByPort(listeners)
        services = ServicePorts(policy)
        self.ephemeral = ephemeral
        self.published = published
        self.now = now
        self.exposure = exposure
    }

    /// Everything that is not as the policy says, by service and then by port.
    public var findings: [Finding] {
        policy.services.flatMap { findings(about: $0) } + undeclared + undeclaredPublished + shared + unknown
            + unreadPublished
    }

    /// The worst that holds for any of the families.
    func worst(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ families: Set<AddressFamily>
    ) -> Exposure {
        let all = families.map { exposure(transport, ports, $0) }
        return all.contains(.reachable) ? .reachable : all.contains(.unknown) ? .unknown : .shielded
    }

    private func findings(about service: Service) -> [Finding] {
        service.ports.flatMap { port -> [Finding] in
            let own = listeners.on(port.transport, port.range)
            return reachability(of: port, own, service) + expectations(of: service, on: own)
                + ephemerality(of: port, service)
        }
    }

    /// Whether those who may come find somebody.
    private func reachability(of port: ServicePort, _ own: ArraySlice<Listener>, _ service: Service) -> [Finding] {
        // A service whose time is over is closed, and says so elsewhere.
        if let expires = service.expires, now >= expires.end { return [] }
        let place = AuditedPort(port.transport, port.range)
        func finding(_ identifier: Finding.Identifier, _ message: String) -> [Finding] {
            [Finding(identifier, .warning, message, service: service.name, port: place, policy: service.location)]
        }
        let redirected = published.redirections.filter {
            $0.transport == port.transport && $0.ports.overlaps(port.range)
        }
        guard !own.isEmpty || !redirected.isEmpty else {
            let message = "service \"\(service.name)\" is open on \(place.text) and nothing listens: "
            let advice = "start it, close it, or say \"optional: true\""
            return service.listener.isOptional ? [] : finding(.missingListener, message + advice)
        }
        let exposed = own.filter { !$0.isLoopbackOnly }
        guard !exposed.isEmpty || !redirected.isEmpty else {
            let message =
                "service \"\(service.name)\" listens on \(place.text) for this host alone (\(own.addresses)), "
            return finding(
                .loopbackOnly, message + "and those whom the policy lets in find nobody: bind it wider, or close it")
        }
        // Rules that depend on the destination address may be about another host's.
        if exposed.isEmpty && redirected.allSatisfy(\.isConditional) { return [] }
        let missing = service.sources.addresses.families.filter { family in
            !exposed.contains { $0.families.contains(family) } && !redirected.contains { $0.family == family }
        }
        return missing.flatMap { family in
            let found =
                exposed.isEmpty
                ? "published on \(Set(redirected.map(\.family)).map(\.title).joined())" : exposed.addresses
            let message = "service \"\(service.name)\" is open to \(family.title) on \(place.text) "
            let advice = "and nothing listens there on \(family.title) (\(found)): bind it to both, or narrow \"from\""
            return finding(.wrongFamily, message + advice)
        }
    }

    private func ephemerality(of port: ServicePort, _ service: Service) -> [Finding] {
        guard ephemeral.contains(port.range) else { return [] }
        let place = AuditedPort(port.transport, port.range)
        let message =
            "\(place.text) of service \"\(service.name)\" lies in the range that the kernel gives to clients "
            + "(\(ephemeral.range.lowerBound)-\(ephemeral.range.upperBound)): reserve it in net.ipv4.ip_local_reserved_ports"
        return [
            Finding(.ephemeralPort, .notice, message, service: service.name, port: place, policy: service.location)
        ]
    }
}

extension AuditedPort {
    /// The port, the protocol first: `tcp/22`.
    public var text: String {
        "\(transport.name)/\(range.lowerBound)" + (range.count > 1 ? "-\(range.upperBound)" : "")
    }
}

extension AddressFamily {
    /// The family as people write it.
    var title: String { self == .ipv4 ? "IPv4" : "IPv6" }
}

extension AddressSet {
    /// The families that the set has addresses of.
    fileprivate var families: [AddressFamily] { (ipv4.isEmpty ? [] : [.ipv4]) + (ipv6.isEmpty ? [] : [.ipv6]) }
}

extension RandomAccessCollection<Listener> {
    /// The addresses, each once.
    var addresses: String {
        var seen: Set<IPAddress> = []
        return filter { seen.insert($0.address).inserted }.map(\.address.description).joined(separator: ", ")
    }
}
