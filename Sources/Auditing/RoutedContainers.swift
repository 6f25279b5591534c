internal import Addressing
public import Listeners
public import Policies
public import Reachability
public import Rulesets

/// Containers that other hosts reach by the container's own address, without a published port.
public struct RoutedContainers {
    private let tables: [Table]
    private let circumstances: Circumstances
    private let known: () -> ContainerList

    /// Examines the tables of a host; `known` reads the containers that engines list.
    public init(
        through tables: [Table], in circumstances: Circumstances,
        known: @escaping () -> ContainerList = { ContainerList() }
    ) {
        self.tables = tables
        self.circumstances = circumstances
        self.known = known
    }

    /// One finding for each bridge of containers and family.
    ///
    /// It is a notice if the containers have private addresses that this host translates on the way out: then only a
    /// neighbour with a route of its own reaches them.
    public func findings(_ policy: Policy) -> [Finding] {
        guard policy.defaults.routed == .ignore, let routes = circumstances.routes else { return [] }
        return routes.containers().compactMap { containers -> Finding? in
            for address in containers.addresses {
                if let reached = reached(address, on: containers.bridge) { return finding(containers, reached) }
            }
            return nil
        }
    }

    private typealias Reached = (address: IPAddress, ports: AuditedPort, isCertain: Bool)

    /// The first ports of the address that other hosts reach; `nil` for none.
    private func reached(_ address: IPAddress, on bridge: String) -> Reached? {
        let regions = AccessRegions(tables, in: circumstances, path: .routed(to: address))
        let inside = (circumstances.routes?.containerBridges ?? []).union([bridge])
        return regions.firstOpen(address.family, [.tcp, .udp], exceptOn: inside).map {
            (address, AuditedPort($0.transport, $0.ports, at: address), $0.isCertain)
        }
    }

    private func finding(_ containers: Routes.Containers, _ reached: Reached) -> Finding {
        let isHidden = reached.address.isPrivate && tables.contains(where: \.translatesSources)
        let whom = isHidden ? "a neighbour with a route through this host reaches" : "other hosts reach"
        let verb = reached.isCertain ? "" : " perhaps"
        let container = known().container(at: reached.address)
        let example = "\(reached.address)\(container.map { " (\($0.text))" } ?? "")"
        let ports = reached.ports.range == 1...UInt16.max ? "on every port" : "on \(reached.ports.text)"
        return Finding(
            .routedContainer, isHidden ? .notice : .warning,
            "\(whom)\(verb) the containers on \(containers.bridge) by their own addresses, such as \(example), "
                + "\(ports), whatever is published: write \"routed: refuse\" in \"defaults\", or filter it in the engine"
        ).with(.init(interface: containers.bridge, aspect: reached.address.family.title)).about(container)
    }
}

extension IPAddress {
    /// Whether the address is private: RFC 1918, RFC 6598, RFC 4193.
    fileprivate var isPrivate: Bool {
        switch self {
        case .ipv4(let value):
            value >> 24 == 10 || value >> 20 == 0xac1 || value >> 16 == 0xc0a8 || value >> 22 == 0x6440 >> 6
        case .ipv6(let value): value >> 121 == 0xfc >> 1
        }
    }
}

extension Table {
    /// Whether a rule gives packets that leave another source.
    fileprivate var translatesSources: Bool {
        withNativeExtensions.chains.contains { chain in
            chain.rules.contains { rule in
                rule.expressions.contains { expression in
                    switch expression {
                    case .translate(let translation): translation.kind == .source
                    case .opaque(let name, _): name == "masq"
                    default: false
                    }
                }
            }
        }
    }
}
