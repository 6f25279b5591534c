public import Addressing
public import Listeners
public import Policies

/// Cross-checks the sockets of a host with its policy.
public struct ListenerAudit: Sendable {
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
    let listeners: [Listener]
    let ephemeral: EphemeralPorts
    let exposure: @Sendable (TransportProtocol, UInt16, AddressFamily) -> Exposure

    /// An audit of `listeners`, whose owners are known; `exposure` tells what the live ruleset lets through.
    public init(
        policy: Policy, listeners: [Listener], ephemeral: EphemeralPorts,
        exposure: @escaping @Sendable (TransportProtocol, UInt16, AddressFamily) -> Exposure
    ) {
        self.policy = policy
        self.listeners = listeners
        self.ephemeral = ephemeral
        self.exposure = exposure
    }

    /// Everything that is not as the policy says, by service and then by port.
    public var findings: [Finding] {
        policy.services.flatMap { findings(about: $0) } + undeclared + shared + unknown
    }

    /// The service that has the port.
    func service(_ transport: TransportProtocol, _ port: UInt16) -> Service? {
        policy.services.first { $0.ports.contains { $0.transport == transport && $0.range.contains(port) } }
    }

    private func findings(about service: Service) -> [Finding] {
        service.ports.flatMap { port -> [Finding] in
            let own = listeners.filter { $0.transport == port.transport && port.range.contains($0.port) }
            return reachability(of: port, own, service) + own.flatMap { expectations(of: service, on: $0) }
                + ephemerality(of: port, service)
        }
    }

    /// Whether those who may come find somebody.
    private func reachability(of port: ServicePort, _ own: [Listener], _ service: Service) -> [Finding] {
        let place = AuditedPort(port.transport, port.range)
        func finding(_ identifier: Finding.Identifier, _ message: String) -> [Finding] {
            [Finding(identifier, .warning, message, service: service.name, port: place, policy: service.location)]
        }
        guard !own.isEmpty else {
            let message = "service \"\(service.name)\" is open on \(place.text) and nothing listens: "
            let advice = "start it, close it, or say \"optional: true\""
            return service.listener.isOptional ? [] : finding(.missingListener, message + advice)
        }
        let exposed = own.filter { !$0.isLoopbackOnly }
        guard !exposed.isEmpty else {
            let message =
                "service \"\(service.name)\" listens on \(place.text) for this host alone (\(own.addresses)): "
            return finding(.loopbackOnly, message + "those whom the policy lets in find nobody")
        }
        let families = Set(exposed.flatMap(\.families))
        let missing = service.sources.addresses.families.filter { !families.contains($0) }
        return missing.flatMap { family in
            let message = "service \"\(service.name)\" is open to \(family.title) on \(place.text) "
            return finding(
                .wrongFamily, message + "and nothing listens there on \(family.title) (\(exposed.addresses))")
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

extension [Listener] {
    /// The addresses, each once.
    var addresses: String {
        var seen: Set<Listener.Address> = []
        return filter { seen.insert($0.address).inserted }.map(\.address.description).joined(separator: ", ")
    }
}
