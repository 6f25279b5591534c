internal import Addressing
internal import Policies
internal import Rulesets

/// Finds the service of a port by the address that the client dialled.
///
/// Only the ports of services with `addresses` lead here. A service that shares none of its ports has one chain for all of
/// them; ports that services share have a chain each.
struct AddressDispatch {
    /// The ports, each with its chain; overlapping ranges are cut into disjoint ones.
    private(set) var ports: [(port: ServicePort, chain: String)] = []
    /// The chains.
    private(set) var switches: [AddressSwitch] = []

    /// The dispatch for services with `addresses`.
    init(_ services: [Service]) {
        var known: Set<String> = []
        for transport in Set(services.flatMap(\.ports).map(\.transport)).sorted(by: { $0.rawValue < $1.rawValue }) {
            for (port, owners) in Self.segments(of: transport, services) {
                let name = owners.count == 1 ? Names.addresses(owners[0].name) : Names.addresses(of: port)
                ports.append((port, name))
                if known.insert(name).inserted { switches.append(AddressSwitch(name: name, owners)) }
            }
        }
    }

    /// The ports of a protocol, each with the services that have it.
    private static func segments(
        of transport: TransportProtocol, _ services: [Service]
    ) -> [(ServicePort, [Service])] {
        let claims = services.flatMap { service in
            service.ports.filter { $0.transport == transport }.map { (port: $0, owner: service) }
        }
        return ServicePort.segments(claims).map { ($0.port, $0.owners.sorted { $0.name < $1.name }) }
    }
}

/// A chain that sends a packet to a service by the address that the client dialled.
struct AddressSwitch {
    /// The name of the chain, and the start of the names of its maps.
    let name: String
    /// The start of the names of the maps of the chain for redirected connections.
    private let redirectedMaps: String
    /// The place of the first service.
    let location: SourceLocation
    private let ipv4: [(range: ClosedRange<UInt32>, chain: String)]
    private let ipv6: [(range: ClosedRange<UInt128>, chain: String)]

    /// The switch between services with disjoint addresses.
    init(name: String, _ services: [Service]) {
        self.name = name
        location = services[0].location
        let isShared = services.allSatisfy { $0.section == .services }
        redirectedMaps = isShared ? name : Names.redirected(name)
        let targets = services.map { ($0.destinations?.addresses ?? .any, Names.service($0.name)) }
        ipv4 = targets.flatMap { addresses, chain in addresses.ipv4.ranges.map { ($0, chain) } }
            .sorted { $0.0.lowerBound < $1.0.lowerBound }
        ipv6 = targets.flatMap { addresses, chain in addresses.ipv6.ranges.map { ($0, chain) } }
            .sorted { $0.0.lowerBound < $1.0.lowerBound }
    }

    /// The chain for packets to this host.
    var chain: Chain {
        let rules = rules(ipv4, .ipv4, name, Match.destination, Match.destinationLoad)
        return Chain(
            name: name,
            rules: rules + self.rules(ipv6, .ipv6, name, Match.destination, Match.destinationLoad) + [.refuse])
    }

    /// The chain that finds a forward; other packets return from it.
    var translatedChain: Chain {
        let name = Names.translated(name)
        let rules = rules(ipv4, .ipv4, name, Match.destination, Match.destinationLoad, Self.translated)
        return Chain(
            name: name,
            rules: rules
                + self.rules(ipv6, .ipv6, name, Match.destination, Match.destinationLoad, Self.translated))
    }

    /// The chain that translates the destination, for that of a forward which decides on sources.
    private static func translated(_ chain: String) -> String {
        Names.forward(String(chain.dropFirst(Names.service("").count)))
    }

    /// The chain for redirected connections, which takes the dialled address from conntrack: it was replaced in the packet.
    var redirectedChain: Chain {
        let rules = rules(ipv4, .ipv4, redirectedMaps, Match.dialled, Match.dialledLoad)
        return Chain(
            name: Names.redirected(name),
            rules: rules + self.rules(ipv6, .ipv6, redirectedMaps, Match.dialled, Match.dialledLoad) + [.refuse])
    }

    /// The maps of long lists of addresses.
    var maps: [NamedSet] { map(ipv4, .ipv4, name) + map(ipv6, .ipv6, name) }

    /// The maps of the chain for redirected connections, where they are not the same.
    var ownRedirectedMaps: [NamedSet] {
        redirectedMaps == name ? [] : map(ipv4, .ipv4, redirectedMaps) + map(ipv6, .ipv6, redirectedMaps)
    }

    /// The maps of the chain that finds a forward.
    var translatedMaps: [NamedSet] {
        let name = Names.translated(name)
        return map(ipv4, .ipv4, name, Self.translated) + map(ipv6, .ipv6, name, Self.translated)
    }

    private func rules<Bound: FixedWidthInteger>(
        _ targets: [(range: ClosedRange<Bound>, chain: String)], _ family: AddressFamily, _ map: String,
        _ match: (ClosedRange<Bound>) -> [Expression], _ load: (AddressFamily) -> [Expression],
        _ chain: (String) -> String = { $0 }
    ) -> [Rule] {
        guard targets.count > SourceSets.maximumPlainMatches else {
            return targets.map { Rule(match($0.range) + [.verdict(.goto(chain($0.chain)))]) }
        }
        let lookup = Lookup(.named("\(map)-\(family)"), destination: .verdict)
        return [Rule(load(family) + [.lookup(lookup)])]
    }

    private func map<Bound: FixedWidthInteger>(
        _ targets: [(range: ClosedRange<Bound>, chain: String)], _ family: AddressFamily, _ name: String,
        _ chain: (String) -> String = { $0 }
    ) -> [NamedSet] {
        guard targets.count > SourceSets.maximumPlainMatches else { return [] }
        // A hash is quicker than a tree, and holds only single addresses.
        let hasRanges = targets.contains { $0.range.lowerBound != $0.range.upperBound }
        let elements = targets.map { target in
            SetElement(
                key: target.range.lowerBound.bigEndianBytes,
                upper: hasRanges ? target.range.upperBound.bigEndianBytes : nil,
                value: .verdict(.goto(chain(target.chain))))
        }
        return [
            NamedSet(
                name: "\(name)-\(family)", definition: .destinations(family, ranges: hasRanges),
                elements: .list(elements.sortedByKey()))
        ]
    }
}
