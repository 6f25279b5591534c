public import Addressing
public import Compiler
public import Listeners
public import Policies
public import Reachability
public import Rulesets

/// One port: its declaration, its live rules, its listeners, and the clients that can connect.
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

    /// The protocol; `nil` for an entry of `trusted`, which is about all of them.
    public let transport: TransportProtocol?
    /// The ports, both ends included.
    public internal(set) var ports: ClosedRange<UInt16>
    /// The service that declares the port; `nil` if there is none.
    public internal(set) var service: Service?
    /// The name of the declared or loaded service, even of one that is no longer in the policy.
    public internal(set) var name: String?
    /// The state of that service; `nil` without one.
    public internal(set) var loaded: Loaded?
    /// The sockets; for an undeclared port without those bound to loopback, of a forward those to which it leads.
    public internal(set) var listeners: [Listener] = []
    /// The rules of other tables that publish it.
    public internal(set) var published: [Redirection] = []
    /// The containers that listen on it, or to which it is published.
    public internal(set) var containers: [Container] = []
    /// The use of all ports of the service together; `nil` if nothing is loaded.
    public internal(set) var usage: ServiceUsage?
    /// Whether clients can connect, through all live tables.
    public internal(set) var exposure = ListenerAudit.Exposure.unknown
    /// The clients that can connect, through all live tables, by interfaces, without the clients of `trusted`.
    public internal(set) var access: [PortAccess] = []
    /// Whether these are the clients that the policy declares; `nil` if it declares none.
    public internal(set) var isAsDeclared: Bool?
    /// The entry of `trusted`.
    public internal(set) var trusted: Trusted?
    /// The number of neighbouring ports that were put together; `nil` if none were.
    public internal(set) var foldedPorts: Int?
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
    ///   - usages: the use of the loaded services, by name.
    /// - Returns: the ports in order.
    public static func all(
        _ policy: Policy, _ compiled: CompiledPolicy, loaded: Table?, in ruleset: LiveRuleset, sockets: HostSockets,
        usages: [String: ServiceUsage]
    ) -> [PortStatus] {
        var list = PortStatusList(live: ruleset, sockets: sockets, targets: policy.localTargets)
        let (wanted, found) = (DecompiledPolicy(compiled.table), DecompiledPolicy(loaded))
        list.add(policy.services, wanted.services, found.services, usages)
        list.add(policy.trusted, wanted.trusted, found.trusted)
        list.addUndeclared()
        return list.rows.map { (order: $0.order, row: $0) }
            .sorted { $0.order.lexicographicallyPrecedes($1.order) }.map(\.row)
    }
}

/// The ports in the order in which they are found.
private struct PortStatusList {
    private(set) var rows: [PortStatus] = []

    private let live: LiveRuleset
    private let sockets: HostSockets
    private let redirections: RedirectionsByPort
    /// The ports to which forwards of the policy lead on this host.
    private let targets: [TransportProtocol: IntervalSet<UInt16>]

    init(live: LiveRuleset, sockets: HostSockets, targets: [TransportProtocol: IntervalSet<UInt16>]) {
        self.targets = targets
        self.live = live
        self.sockets = sockets
        redirections = RedirectionsByPort(live.redirections)
    }

    /// Adds the ports of services: of the policy, then of loaded services that the policy lacks.
    mutating func add(
        _ declared: [Service], _ wanted: [DecompiledService], _ found: [DecompiledService],
        _ usages: [String: ServiceUsage]
    ) {
        let (targets, loaded) = (wanted.byName, found.byName)
        for service in declared {
            let (target, actual) = (targets[service.name], loaded[service.name])
            for port in service.ports {
                let addresses = service.destinations?.addresses.samples ?? []
                var row = row(port.transport, port.range, at: addresses)
                if let forwarding = service.forwarding {
                    row.listeners = listeners(of: forwarding, port.transport)
                } else {
                    row.listeners.removeAll { !service.reaches($0) }
                }
                row.service = service
                row.name = service.name
                row.loaded = Self.loaded(actual, target)
                row.isAsDeclared = live.isAsDeclared(port.transport, port.range, at: addresses)
                row.usage = actual.flatMap { usages[$0.name] }
                rows.append(row)
            }
        }
        let names = Set(declared.map(\.name))
        for service in found where !names.contains(service.name) {
            for port in service.ports {
                var row = row(port.transport, port.range)
                row.name = service.name
                row.loaded = .yes
                row.usage = usages[service.name]
                rows.append(row)
            }
        }
    }

    /// The sockets of this host to which a forward leads.
    private func listeners(of forwarding: Forwarding, _ transport: TransportProtocol) -> [Listener] {
        let ports = Set(forwarding.targets.filter(\.isLocal).compactMap(\.port))
        return sockets.listeners.filter { $0.transport == transport && ports.contains($0.port) }
            .map { $0.naming(sockets.containers) }
    }

    private static func loaded(_ actual: DecompiledService?, _ target: DecompiledService?) -> PortStatus.Loaded {
        actual == nil ? .no : actual == target ? .yes : .changed
    }

    /// Adds the entries of `trusted`: of the policy, then loaded entries that the policy lacks.
    mutating func add(_ declared: [Trusted], _ wanted: [DecompiledService], _ found: [DecompiledService]) {
        let names = declared.map(\.name) + found.map(\.name).filter { name in !declared.contains { $0.name == name } }
        for name in names {
            let (target, actual) = (wanted.first { $0.name == name }, found.first { $0.name == name })
            var row = PortStatus(transport: nil, ports: 0...UInt16.max, name: name)
            row.trusted = declared.first { $0.name == name }
            row.loaded = row.trusted == nil ? .yes : Self.loaded(actual, target)
            let patterns = (target ?? actual)?.entries.flatMap(\.interfaces) ?? []
            let meant = (target ?? actual)?.sources ?? AddressSet()
            let open = live.openOnEveryPort(on: patterns).intersection(meant)
            row.exposure = open.isEmpty ? .shielded : .trusted
            if !open.isEmpty { row.access = [PortAccess(open: open, interfaces: patterns)] }
            if let trusted = row.trusted { row.isAsDeclared = open == meant && !trusted.entry.isExpired(at: live.now) }
            rows.append(row)
        }
    }

    private func row(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ families: Set<AddressFamily>? = nil,
        at addresses: [IPAddress] = []
    ) -> PortStatus {
        let listeners = (transport.hasPorts ? sockets.listeners : sockets.raw).filter {
            $0.transport == transport && ports.contains($0.port)
        }.map { $0.naming(sockets.containers) }
        let published = redirections.on(transport, ports)
        let targets = published.compactMap { $0.container(in: sockets.containers, heldBy: listeners) }
        var row = PortStatus(
            transport: transport, ports: ports, listeners: listeners, published: published,
            containers: (listeners.flatMap(\.containers) + targets).reduce(into: []) {
                if !$0.contains($1) { $0.append($1) }
            })
        let families = families ?? Set(AddressFamily.allCases)
        row.exposure = families.map { live.exposure(transport, ports, $0, at: addresses) }.worst
        row.access = live.access(transport, ports, families, at: addresses)
        return row
    }

    /// Adds the ports that have no row yet: of sockets beyond loopback, and published ones.
    mutating func addUndeclared() {
        var known = Dictionary(grouping: rows, by: \.transport).mapValues { IntervalSet($0.map(\.ports)) }
        for (transport, ports) in targets { known[transport] = ports.union(known[transport] ?? IntervalSet()) }
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
                var row = row(
                    transport, port...port, Set(listeners.flatMap(\.families)), at: listeners.boundAddresses)
                row.listeners = listeners.map { $0.naming(sockets.containers) }
                rows.append(row)
            }
        }
    }

    private func undeclared(_ transport: TransportProtocol, _ ports: ClosedRange<UInt16>) -> PortStatus {
        let listeners = sockets.listeners.filter {
            $0.transport == transport && ports.contains($0.port) && !$0.isLoopbackOnly
        }
        let published = redirections.on(transport, ports)
        var row = row(
            transport, ports, Set(listeners.flatMap(\.families) + published.map(\.family)),
            at: published.isEmpty ? listeners.boundAddresses : [])
        row.listeners.removeAll(where: \.isLoopbackOnly)
        return row
    }
}

extension [DecompiledService] {
    /// The services by name.
    fileprivate var byName: [String: DecompiledService] {
        Dictionary(map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

extension AddressSet {
    /// The first address of each range: a ruleset treats the addresses of a service alike.
    fileprivate var samples: [IPAddress] {
        ipv4.ranges.map { .ipv4($0.lowerBound) } + ipv6.ranges.map { .ipv6($0.lowerBound) }
    }
}

extension PortStatus {
    fileprivate var order: [Int] {
        [
            transport.map { Int($0.rawValue) } ?? -1, Int(ports.lowerBound), Int(ports.upperBound),
            service == nil ? 1 : 0,
        ]
    }
}
