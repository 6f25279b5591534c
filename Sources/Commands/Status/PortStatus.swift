internal import Addressing
internal import Auditing
internal import Changes
internal import Compiler
internal import Kernel
internal import Listeners
internal import Policies
internal import Reachability
internal import Rulesets

/// One port: what the policy says of it, what is loaded, and who listens.
struct PortStatus {
    /// Whether a service is loaded as the policy has it.
    enum Loaded: String {
        /// It is.
        case yes
        /// It is loaded otherwise.
        case changed
        /// It is not.
        case no
    }

    let transport: TransportProtocol
    let ports: ClosedRange<UInt16>
    /// The service that lists it; `nil` where none does.
    var service: Service?
    /// The name of the service that it is loaded for, be it one that the policy does not have any more.
    var name: String?
    /// Whether that service is loaded; `nil` without one.
    var loaded: Loaded?
    /// The sockets, without those that only this host reaches where no service lists the port.
    var listeners: [Listener] = []
    /// The rules of other tables that publish it.
    var published: [Redirection] = []
    /// What the counters of the service have counted, all its ports together; `nil` where nothing is loaded.
    var packets: UInt64?
    /// Whether others get through where no service lists the port.
    var exposure: ListenerAudit.Exposure?
}

/// Every port that somebody declared, loaded, listens on or publishes.
struct PortStatusList {
    private(set) var rows: [PortStatus] = []

    private let live: LiveRuleset
    private let sockets: HostSockets

    init(
        _ policy: Policy, _ compiled: CompiledPolicy, _ ruleset: WholeRuleset, _ live: LiveRuleset,
        _ sockets: HostSockets
    ) {
        self.live = live
        self.sockets = sockets
        let wanted = DecompiledPolicy(compiled.table).services
        let found = DecompiledPolicy(ruleset.own.table).services
        for service in policy.services {
            let target = wanted.first { $0.name == service.name }
            let actual = found.first { $0.name == service.name }
            for port in service.ports {
                var row = row(port.transport, port.range)
                (row.service, row.name) = (service, service.name)
                row.loaded = actual == nil ? .no : actual == target ? .yes : .changed
                row.packets = actual.flatMap { ruleset.own.packets(of: $0.name) }
                rows.append(row)
            }
        }
        for service in found where !policy.services.contains(where: { $0.name == service.name }) {
            for port in service.ports {
                var row = row(port.transport, port.range)
                (row.name, row.loaded) = (service.name, .yes)
                row.packets = ruleset.own.packets(of: service.name)
                rows.append(row)
            }
        }
        addUndeclared()
        rows.sort { $0.order.lexicographicallyPrecedes($1.order) }
    }

    private func row(_ transport: TransportProtocol, _ ports: ClosedRange<UInt16>) -> PortStatus {
        PortStatus(
            transport: transport, ports: ports,
            listeners: sockets.listeners.filter { $0.transport == transport && ports.contains($0.port) },
            published: live.redirections.filter { $0.transport == transport && $0.ports.overlaps(ports) })
    }

    /// Adds the ports that no row has yet: of sockets that others could reach, and of what is published.
    private mutating func addUndeclared() {
        let known = Dictionary(grouping: rows, by: \.transport).mapValues { IntervalSet($0.map(\.ports)) }
        var rest: [TransportProtocol: [ClosedRange<UInt16>]] = [:]
        for listener in sockets.listeners where !listener.isLoopbackOnly {
            rest[listener.transport, default: []].append(listener.port...listener.port)
        }
        for redirection in live.redirections { rest[redirection.transport, default: []].append(redirection.ports) }
        for (transport, ranges) in rest {
            var seen: Set<ClosedRange<UInt16>> = []
            for range in ranges {
                let open = IntervalSet([range]).subtracting(known[transport] ?? IntervalSet()).ranges
                for ports in open where seen.insert(ports).inserted { rows.append(undeclared(transport, ports)) }
            }
        }
    }

    private func undeclared(_ transport: TransportProtocol, _ ports: ClosedRange<UInt16>) -> PortStatus {
        var row = row(transport, ports)
        row.listeners.removeAll(where: \.isLoopbackOnly)
        let families = Set(row.listeners.flatMap(\.families) + row.published.map(\.family))
        let exposures = families.map { live.exposure(transport, ports, $0) }
        row.exposure =
            exposures.contains(.reachable) ? .reachable : exposures.contains(.unknown) ? .unknown : .shielded
        return row
    }
}

extension PortStatus {
    fileprivate var order: [Int] {
        [Int(transport.rawValue), Int(ports.lowerBound), Int(ports.upperBound), service == nil ? 1 : 0]
    }
}

extension TableSnapshot {
    /// What the rules that let a service's connections in have counted.
    fileprivate func packets(of service: String) -> UInt64? {
        let names = [Names.service(service), Names.sources(service), Names.admit(service)]
        let counts = names.flatMap { name -> [UInt64] in
            let rules = table?.chain(name)?.rules ?? []
            return zip(rules, states[name] ?? []).compactMap { rule, state in
                rule.expressions.last == .verdict(.accept) ? state.packets : nil
            }
        }
        return counts.isEmpty ? nil : counts.reduce(0, &+)
    }
}
