public import Addressing
public import Listeners
public import Policies
internal import Reachability

/// Compares the sockets of a host, and the ports that other tables publish on it, with its policy.
public struct ListenerAudit {
    /// Whether a port is reachable from other hosts.
    public enum Exposure: Hashable, Sendable {
        /// It is reachable.
        case reachable
        /// It is reachable only from where `trusted` lets everything in.
        case trusted
        /// The ruleset blocks it.
        case shielded
        /// It depends on a rule that is not understood.
        case unknown
    }

    let policy: Policy
    let listeners: ListenersByPort
    let raw: [Listener]
    let services: ServicePorts
    /// The ports to which forwards lead on this host.
    let localTargets: [TransportProtocol: IntervalSet<UInt16>]
    let ephemeral: EphemeralPorts
    let published: PublishedPorts
    let executables: (_ name: String) -> [String]
    let containers: () -> ContainerList
    /// The redirections of single ports and ranges.
    let publishedPorts: [Redirection]
    let now: Int64
    let exposure: (TransportProtocol, ClosedRange<UInt16>, AddressFamily, [IPAddress]) -> Exposure

    /// Creates an audit.
    ///
    /// - Parameters:
    ///   - policy: the policy.
    ///   - listeners: the sockets, with their owners.
    ///   - raw: the raw sockets, with their owners.
    ///   - ephemeral: the ports that the kernel gives to clients.
    ///   - published: the ports that other tables publish.
    ///   - executables: the executables to which a name or a path leads by links.
    ///   - containers: reads the containers that engines list.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - exposure: finds whether the live ruleset allows connections to a range of destination ports at any of these
    ///     addresses of the host, or at any of all if there are none.
    public init(
        policy: Policy, listeners: [Listener], raw: [Listener] = [], ephemeral: EphemeralPorts,
        published: PublishedPorts = PublishedPorts(),
        executables: @escaping (_ name: String) -> [String] = { _ in [] },
        containers: @escaping () -> ContainerList = { ContainerList() }, now: Int64,
        exposure: @escaping (TransportProtocol, ClosedRange<UInt16>, AddressFamily, [IPAddress]) -> Exposure
    ) {
        self.policy = policy
        self.listeners = ListenersByPort(listeners)
        self.raw = raw
        services = ServicePorts(policy)
        localTargets = policy.localTargets
        self.ephemeral = ephemeral
        self.published = published
        self.executables = executables
        self.containers = containers
        publishedPorts = published.ofPorts
        self.now = now
        self.exposure = exposure
    }

    /// Every finding, by service and then by port.
    public var findings: [Finding] {
        policy.services.flatMap { findings(about: $0) } + undeclared + silenced + undeclaredPublished + shared
            + .shadowedListeners(of: policy, listeners.all.map { $0.naming(containers) }) + unknown + unreadPublished
    }

    /// The worst exposure of the port in any of the families, at the addresses of the listeners.
    func worst(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ families: Set<AddressFamily>,
        at listeners: [Listener] = []
    ) -> Exposure {
        families.map { exposure(transport, ports, $0, listeners.boundAddresses) }.worst
    }

    private func findings(about service: Service) -> [Finding] {
        guard service.forwarding == nil else { return findings(aboutForward: service) }
        return service.ports.flatMap { port -> [Finding] in
            // The kernel itself receives most of these protocols, so nothing need wait for them.
            guard port.transport.hasPorts else {
                return expectations(
                    of: service, on: raw.filter { $0.transport == port.transport && service.reaches($0) }[...])
            }
            let all = listeners.on(port.transport, port.range)
            guard service.destinations != nil else {
                return reachability(of: port, all, service) + expectations(of: service, on: all)
                    + ephemerality(of: port, service)
            }
            let own = all.filter { $0.isHeard(by: service, beside: all) }
            let near = all.filter { $0.isLoopbackOnly || $0.isHeard(by: service, beside: all) }
            return reachability(of: port, near[...], service) + expectations(of: service, on: own[...])
                + ephemerality(of: port, service)
        }
    }

    /// Whether the allowed clients of a port find a listener.
    func reachability(of port: ServicePort, _ own: ArraySlice<Listener>, _ service: Service) -> [Finding] {
        // An expired service is closed; `expiries` reports it.
        if service.isExpired(at: now) || service.entries.allSatisfy(\.isForNobody) { return [] }
        let place = AuditedPort(port.transport, port.range)
        func finding(_ identifier: Finding.Identifier, _ message: String, _ family: AddressFamily? = nil) -> [Finding] {
            [
                Finding(identifier, .warning, message, service: service.name, port: place, policy: service.location)
                    .with(.init(aspect: family?.title))
            ]
        }
        let redirected = published.redirections.filter {
            $0.transport == port.transport && $0.ports.overlaps(port.range)
        }
        guard !own.isEmpty || !redirected.isEmpty else {
            let at = service.destinations.map { " at \($0.entries.joined(separator: ", "))" } ?? ""
            let verb = service.forwarding == nil ? "is open on" : "leads to"
            let message = "\(service.kind) \"\(service.name)\" \(verb) \(place.text)\(at), and nothing listens: "
            let advice = "start it, close it, or write \"optional: true\""
            return service.listener.isOptional ? [] : finding(.missingListener, message + advice)
        }
        let exposed = own.filter { !$0.isLoopbackOnly }
        guard !exposed.isEmpty || !redirected.isEmpty else {
            let message =
                "\(service.kind) \"\(service.name)\": allowed clients cannot connect to \(place.text): "
            return finding(
                .loopbackOnly, message + "it listens on \(own.addresses) only; bind it to another address, or close it")
        }
        // A rule that depends on the destination address may be about another host.
        if exposed.isEmpty && (service.listener.isOptional || redirected.allSatisfy(\.isConditional)) { return [] }
        let missing = service.families.filter { family in
            (port.onlyFamily ?? family) == family && !exposed.contains { $0.families.contains(family) }
                && !redirected.contains { $0.family == family }
        }
        return missing.flatMap { family in
            let found =
                exposed.isEmpty
                ? "published on \(Set(redirected.map(\.family)).map(\.title).joined())" : exposed.addresses
            let message = "\(service.kind) \"\(service.name)\" is open to \(family.title) on \(place.text), "
            let advice =
                "and nothing listens on \(family.title) (found: \(found)): bind it to both, or narrow \"from\" or \"addresses\""
            return finding(.wrongFamily, message + advice, family)
        }
    }

    private func ephemerality(of port: ServicePort, _ service: Service) -> [Finding] {
        // A range with all client ports means none of them in particular, and reserving it would leave no client port.
        let isWhole = IntervalSet([port.range]).isSuperset(of: IntervalSet([ephemeral.range]))
        guard ephemeral.contains(port.range), !isWhole else { return [] }
        let place = AuditedPort(port.transport, port.range)
        let message =
            "\(place.text) of service \"\(service.name)\" is in the ephemeral port range "
            + "(\(ephemeral.range.lowerBound)-\(ephemeral.range.upperBound)): reserve it in net.ipv4.ip_local_reserved_ports"
        return [
            Finding(.ephemeralPort, .notice, message, service: service.name, port: place, policy: service.location)
        ]
    }
}

extension [ListenerAudit.Exposure] {
    /// The worst of the exposures of several families.
    var worst: ListenerAudit.Exposure {
        [.reachable, .unknown, .trusted].first(where: contains) ?? .shielded
    }
}

extension AuditedPort {
    /// The port after the protocol: `tcp/22`; `esp` for a protocol without ports.
    public var text: String { transport.text(range) }
}

extension AddressFamily {
    /// The name of the family: `IPv4`.
    var title: String { self == .ipv4 ? "IPv4" : "IPv6" }
}

extension Service {
    /// The families in which clients can reach it.
    fileprivate var families: [AddressFamily] {
        let sources = addresses.families
        return destinations.map { sources.filter($0.addresses.families.contains) } ?? sources
    }
}

extension AddressSet {
    /// The families of the addresses in the set.
    fileprivate var families: [AddressFamily] { (ipv4.isEmpty ? [] : [.ipv4]) + (ipv6.isEmpty ? [] : [.ipv6]) }
}

extension Listener {
    /// Whether clients of a service with `addresses` get to the socket, and not to another one on the port.
    ///
    /// The kernel prefers a socket that is bound to the dialled address to one that is bound to none.
    fileprivate func isHeard(by service: Service, beside others: ArraySlice<Listener>) -> Bool {
        guard service.reaches(self) else { return false }
        guard address.isUnspecified, let addresses = service.destinations?.addresses else { return true }
        let taken = others.filter { $0.transport == transport && $0.port == port && !$0.address.isUnspecified }
        let rest = addresses.subtracting(AddressSet(taken.map(\.address)))
        return families.contains { $0 == .ipv4 ? !rest.ipv4.isEmpty : !rest.ipv6.isEmpty }
    }
}

extension [Listener] {
    /// The addresses that the sockets are bound to; none if one of them is bound to every address.
    var boundAddresses: [IPAddress] {
        contains(where: \.address.isUnspecified) ? [] : map(\.address)
    }
}

extension RandomAccessCollection<Listener> {
    /// The addresses without duplicates.
    var addresses: String {
        var seen: Set<IPAddress> = []
        return filter { seen.insert($0.address).inserted }.map(\.address.description).joined(separator: ", ")
    }
}
