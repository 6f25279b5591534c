public import Addressing
public import Compiler
public import Listeners
public import Policies
public import Reachability
public import Rulesets

/// One port: its declaration, its live rules, and its listeners.
public struct PortStatus {
    /// Whether a service is loaded as the policy declares it; the raw value is the word in every output.
    public enum Loaded: String, Hashable, Sendable {
        /// It is.
        case yes
        /// It is loaded with differences.
        case changed
        /// It is not loaded.
        case no
    }

    /// The protocol.
    public let transport: TransportProtocol
    /// The ports, both ends included.
    public let ports: ClosedRange<UInt16>
    /// The service that declares the port; `nil` if there is none.
    public internal(set) var service: Service?
    /// The name of the declared or loaded service, even of one that is no longer in the policy.
    public internal(set) var name: String?
    /// The state of that service; `nil` without one.
    public internal(set) var loaded: Loaded?
    /// The sockets; for an undeclared port without those bound to loopback.
    public internal(set) var listeners: [Listener] = []
    /// The rules of other tables that publish it.
    public internal(set) var published: [Redirection] = []
    /// The containers that listen on it, or to which it is published.
    public internal(set) var containers: [Container] = []
    /// The hits of all ports of the service together; `nil` if nothing is loaded.
    public internal(set) var packets: UInt64?
    /// The exposure of an undeclared port.
    public internal(set) var exposure: ListenerAudit.Exposure?
}

extension PortStatus {
    /// Every port that is declared, loaded, listened on or published.
    ///
    /// - Parameters:
    ///   - policy: the policy.
    ///   - compiled: the compiled policy.
    ///   - loaded: portreeve's table.
    ///   - ruleset: the combined access through all tables.
    ///   - sockets: the sockets of the host.
    ///   - packets: the hits of a loaded service.
    /// - Returns: the ports in order.
    public static func all(
        _ policy: Policy, _ compiled: CompiledPolicy, loaded: Table?, in ruleset: LiveRuleset, sockets: HostSockets,
        packets: (_ service: String) -> UInt64?
    ) -> [PortStatus] {
        var list = PortStatusList(live: ruleset, sockets: sockets)
        list.add(policy.services, DecompiledPolicy(compiled.table).services, DecompiledPolicy(loaded).services, packets)
        list.addUndeclared()
        return list.rows.sorted { $0.order.lexicographicallyPrecedes($1.order) }
    }
}

/// The ports in the order in which they are found.
private struct PortStatusList {
    private(set) var rows: [PortStatus] = []

    private let live: LiveRuleset
    private let sockets: HostSockets

    init(live: LiveRuleset, sockets: HostSockets) {
        self.live = live
        self.sockets = sockets
    }

    /// Adds the ports of services: those that the policy has, then those that are loaded and that it does not have.
    mutating func add(
        _ declared: [Service], _ wanted: [DecompiledService], _ found: [DecompiledService],
        _ packets: (_ service: String) -> UInt64?
    ) {
        for service in declared {
            let target = wanted.first { $0.name == service.name }
            let actual = found.first { $0.name == service.name }
            for port in service.ports {
                var row = row(port.transport, port.range)
                row.listeners.removeAll { !service.reaches($0) }
                row.service = service
                row.name = service.name
                row.loaded = actual == nil ? .no : actual == target ? .yes : .changed
                row.packets = actual.flatMap { packets($0.name) }
                rows.append(row)
            }
        }
        for service in found where !declared.contains(where: { $0.name == service.name }) {
            for port in service.ports {
                var row = row(port.transport, port.range)
                row.name = service.name
                row.loaded = .yes
                row.packets = packets(service.name)
                rows.append(row)
            }
        }
    }

    private func row(_ transport: TransportProtocol, _ ports: ClosedRange<UInt16>) -> PortStatus {
        let listeners = (transport.hasPorts ? sockets.listeners : sockets.raw).filter {
            $0.transport == transport && ports.contains($0.port)
        }.map { $0.naming(sockets.containers) }
        let published = live.redirections.filter { $0.transport == transport && $0.ports.overlaps(ports) }
        let targets = published.compactMap { $0.container(in: sockets.containers, heldBy: listeners) }
        return PortStatus(
            transport: transport, ports: ports, listeners: listeners, published: published,
            containers: (listeners.flatMap(\.containers) + targets).reduce(into: []) {
                if !$0.contains($1) { $0.append($1) }
            })
    }

    /// Adds the ports that have no row yet: of sockets beyond loopback, and published ones.
    mutating func addUndeclared() {
        let known = Dictionary(grouping: rows, by: \.transport).mapValues { IntervalSet($0.map(\.ports)) }
        var rest: [TransportProtocol: [ClosedRange<UInt16>]] = [:]
        for listener in sockets.listeners where !listener.isLoopbackOnly {
            rest[listener.transport, default: []].append(listener.port...listener.port)
        }
        addStrangers()
        for redirection in live.redirections { rest[redirection.transport, default: []].append(redirection.ports) }
        for (transport, ranges) in rest {
            var seen: Set<ClosedRange<UInt16>> = []
            for range in ranges {
                let open = IntervalSet([range]).subtracting(known[transport] ?? IntervalSet()).ranges
                for ports in open where seen.insert(ports).inserted { rows.append(undeclared(transport, ports)) }
            }
        }
    }

    /// Adds the ports of sockets that services with `addresses` leave out, though one of them has the port.
    private mutating func addStrangers() {
        let declared = Dictionary(grouping: rows.filter { $0.service?.destinations != nil }, by: \.transport)
        var strangers: [TransportProtocol: [UInt16: [Listener]]] = [:]
        for listener in sockets.listeners where !listener.isLoopbackOnly {
            let own = (declared[listener.transport] ?? []).filter { $0.ports.contains(listener.port) }
            guard !own.isEmpty, !own.contains(where: { $0.service?.reaches(listener) == true }) else { continue }
            strangers[listener.transport, default: [:]][listener.port, default: []].append(listener)
        }
        for (transport, ports) in strangers {
            for (port, listeners) in ports {
                var row = PortStatus(transport: transport, ports: port...port, listeners: listeners)
                row.exposure =
                    Set(listeners.flatMap(\.families)).map {
                        live.exposure(transport, port...port, $0, at: listeners.boundAddresses)
                    }.worst
                rows.append(row)
            }
        }
    }

    private func undeclared(_ transport: TransportProtocol, _ ports: ClosedRange<UInt16>) -> PortStatus {
        var row = row(transport, ports)
        row.listeners.removeAll(where: \.isLoopbackOnly)
        let families = Set(row.listeners.flatMap(\.families) + row.published.map(\.family))
        let addresses = row.published.isEmpty ? row.listeners.boundAddresses : []
        row.exposure = families.map { live.exposure(transport, ports, $0, at: addresses) }.worst
        return row
    }
}

extension PortStatus {
    fileprivate var order: [Int] {
        [Int(transport.rawValue), Int(ports.lowerBound), Int(ports.upperBound), service == nil ? 1 : 0]
    }
}
