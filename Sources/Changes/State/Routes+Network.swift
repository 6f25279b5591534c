internal import Addressing
internal import Listeners
internal import Reachability

extension Routes {
    /// The routes of a host; each is asked of the kernel when a verdict depends on it.
    ///
    /// - Returns: `nil` if the interfaces cannot be read.
    init?(_ network: any HostNetwork) {
        guard let interfaces = network.interfaces else { return nil }
        let names = Dictionary(interfaces.map { ($0.index, $0) }) { first, _ in first }
        let indices = Dictionary(interfaces.map { ($0.name, $0.index) }) { first, _ in first }
        self.init(
            indices: indices,
            kinds: Dictionary(interfaces.compactMap { each in each.kind.map { (each.name, $0) } }) { first, _ in first
            },
            containerBridges: Set(interfaces.containerBridges.map(\.name)),
            output: { question in
                guard let route = network.output(question, on: indices[question.interface]) else { return nil }
                return Output(
                    name: route.interface, index: route.interfaceIndex, kind: names[route.interfaceIndex]?.kind)
            },
            arrivals: {
                network.reached?.reduce(into: [:]) { all, reached in
                    if let interface = names[reached.key] { all[interface.name] = reached.value }
                }
            })
        hardwareTypes = Dictionary(
            interfaces.compactMap { each in each.hardwareType.map { (each.name, $0) } }
        ) { first, _ in first }
        for interface in interfaces {
            if let master = interface.master.flatMap({ names[$0] }), Self.joining.contains(master.kind ?? "") {
                masters[interface.name] = master.name
            }
            if let lower = interface.lower.flatMap({ names[$0] }) { lowerInterfaces[interface.name] = lower.name }
        }
        containers = { network.containers(among: interfaces) }
        broadcasts = { network.broadcasts ?? [] }
        addresses = { name in indices[name].flatMap { network.addresses(on: $0) } }
        links = Set(interfaces.filter(\.findsNeighbours).map(\.name))
        networks = { name in indices[name].flatMap { network.networks(on: $0) } }
        routesLoopback = { network.routesLoopback($0) }
    }
}

extension HostNetwork {
    /// The bridges of containers with the addresses behind them, where this host forwards packets to them, as far as is known.
    fileprivate func containers(among interfaces: [HostInterface]) -> [Routes.Containers] {
        let (bridges, neighbours, reached) = (interfaces.containerBridges, neighbours ?? [:], reached ?? [:])
        let used = bridges.filter { bridge in interfaces.contains { $0.master == bridge.index } }
        return used.flatMap { bridge in
            AddressFamily.allCases.filter { forwards($0) != false }.compactMap { family -> Routes.Containers? in
                let most = 4
                let seen = (neighbours[bridge.index] ?? []).filter { $0.family == family && !$0.isLinkLocal }
                let addresses = Array(seen.prefix(most))
                let sample = reached[bridge.index].flatMap { $0.sample(family) }
                guard let sample else { return nil }
                return Routes.Containers(bridge: bridge.name, addresses: addresses.isEmpty ? [sample] : addresses)
            }
        }
    }

    /// The route of a forwarded packet; `nil` if it depends on something that is not known of the packet.
    fileprivate func output(_ question: Routes.Question, on interface: UInt32?) -> ReturnRoute? {
        guard let selectors = selectors(question.family) else { return nil }
        let isOpen =
            selectors.contains(.other) || selectors.contains(.mark) && question.hasMark
            || selectors.contains(.source) && question.source == nil
            || selectors.contains(.interface) && interface == nil
        guard !isOpen else { return nil }
        func address(_ value: UInt128) -> IPAddress {
            question.family == .ipv4 ? .ipv4(UInt32(truncatingIfNeeded: value)) : .ipv6(value)
        }
        let source = question.source.map(address)
        let asked = RouteQuestion(
            to: address(question.destination), from: source, on: source == nil ? nil : interface)
        guard let route = route(asked), !route.isLocal else { return nil }
        return route
    }
}

extension IPAddress {
    /// Whether it is in fe80::/10 (RFC 4291 2.5.6) or 169.254.0.0/16 (RFC 3927).
    fileprivate var isLinkLocal: Bool {
        switch self {
        case .ipv4(let value): value >> 16 == 0xa9fe
        case .ipv6(let value): value >> 118 == 0xfe80 >> 6
        }
    }
}

extension AddressSet {
    /// An address of the family that is neither link-local nor the first or last of its network; `nil` if there is none.
    fileprivate func sample(_ family: AddressFamily) -> IPAddress? {
        switch family {
        case .ipv4:
            ipv4.ranges.lazy.filter { $0.count > 2 }.map { IPAddress.ipv4($0.upperBound - 1) }.first { !$0.isLinkLocal }
        case .ipv6:
            ipv6.ranges.lazy.map { IPAddress.ipv6($0.upperBound - ($0.lowerBound == $0.upperBound ? 0 : 1)) }
                .first { !$0.isLinkLocal && $0.value >> 120 != 0xff }
        }
    }
}
