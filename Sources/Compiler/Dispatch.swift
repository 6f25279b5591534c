internal import Addressing
internal import Policies
internal import Rulesets

/// The port of a DHCPv6 client, RFC 8415 7.2.
let dhcpv6Port: UInt16 = 546

/// The maps and rules that dispatch a packet to the chain of the service that has its port.
///
/// Single ports are in one hash map. Ranges are in one interval map for each protocol; only packets that miss the hash
/// map are looked up there, and only if the policy has ranges.
struct Dispatch {
    private let singles: [(port: ServicePort, chain: String)]
    private let spans: [(port: ServicePort, chain: String)]
    /// The protocols without ports, by number.
    private let whole: [(port: ServicePort, chain: String)]
    /// The chains of services with `addresses`.
    let switches: [AddressSwitch]

    init(_ services: [Service]) {
        let addresses = AddressDispatch(services.filter { $0.destinations != nil })
        switches = addresses.switches
        let plain = services.filter { $0.destinations == nil }.flatMap { service in
            service.ports.map { (port: $0, chain: Names.service(service.name)) }
        }
        let all = plain + addresses.ports
        whole = all.filter { !$0.0.transport.hasPorts }.sorted { $0.0.transport.rawValue < $1.0.transport.rawValue }
        let entries = all.filter(\.0.transport.hasPorts)
        singles = entries.filter { $0.0.range.count == 1 }
        spans = entries.filter { $0.0.range.count > 1 }
    }

    /// The chain of the service that has the port; `nil` for none.
    func chain(for transport: TransportProtocol, port: UInt16) -> String? {
        (singles + spans).first { $0.port.transport == transport && $0.port.range.contains(port) }?.chain
    }

    /// The map of single ports; it always has the port of the DHCPv6 client.
    var services: NamedSet {
        let dhcpv6 = SetElement(
            key: Self.key(.udp, dhcpv6Port), value: .verdict(.goto(Names.dhcpv6)))
        let elements = singles.compactMap { entry -> SetElement? in
            let key = Self.key(entry.port.transport, entry.port.range.lowerBound)
            return key == dhcpv6.key ? nil : SetElement(key: key, value: .verdict(.goto(entry.chain)))
        }
        return NamedSet(
            name: Names.services, definition: .protocolsAndPorts, elements: .list((elements + [dhcpv6]).sortedByKey()))
    }

    /// The maps of ranges, one for each protocol with ranges.
    var ranges: [NamedSet] {
        Self.maps(spans, name: Names.ranges)
    }

    /// The map of single ports of forwards, and the maps of ranges.
    var forwards: [NamedSet] {
        let elements = singles.map { entry in
            SetElement(
                key: Self.key(entry.port.transport, entry.port.range.lowerBound),
                value: .verdict(.goto(translated(entry).chain)))
        }
        let single = NamedSet(
            name: Names.forwards, definition: .protocolsAndPorts, elements: .list(elements.sortedByKey()))
        return [single] + Self.maps(spans.map(translated), name: Names.forwardRanges)
            + switches.flatMap(\.translatedMaps)
    }

    /// The maps of all ports, for the ports that redirected clients dialled, one for each protocol with ports.
    var published: [NamedSet] {
        Self.maps((singles + spans).map(redirected), name: Names.published)
    }

    /// The maps of addresses.
    var addresses: [NamedSet] { switches.flatMap(\.maps) }

    /// The maps of addresses for redirected connections, where they are not the same.
    var redirectedAddresses: [NamedSet] { switches.flatMap(\.ownRedirectedMaps) }

    /// The chain for redirected connections to the port.
    private func redirected(_ entry: (port: ServicePort, chain: String)) -> (port: ServicePort, chain: String) {
        let isSwitch = !entry.chain.hasPrefix(Names.service(""))
        return isSwitch ? (entry.port, Names.redirected(entry.chain)) : entry
    }

    /// The chain that translates the destination, for the chain that decides on a port.
    private func translated(_ entry: (port: ServicePort, chain: String)) -> (port: ServicePort, chain: String) {
        let prefix = Names.service("")
        guard entry.chain.hasPrefix(prefix) else { return (entry.port, Names.translated(entry.chain)) }
        return (entry.port, Names.forward(String(entry.chain.dropFirst(prefix.count))))
    }

    /// The rules that look up the destination port.
    var rules: [Rule] { rules(in: Names.services, Names.ranges) }

    /// The rules that look up the destination port among those of forwards.
    var forwardRules: [Rule] { rules(in: Names.forwards, Names.forwardRanges) }

    private func rules(in map: String, _ ranges: (String) -> String) -> [Rule] {
        [Self.lookup(map)] + Self.transports(spans).map { Self.lookup(ranges($0.name), $0) }
    }

    /// The rule that looks up the protocol and the destination port in a map.
    static func lookup(_ map: String) -> Rule {
        Rule([
            .meta(.transportProtocol, into: .first),
            .payload(Payload(base: .transport, offset: 2, length: 2, into: .secondWord)),
            .lookup(Lookup(.named(map), destination: .verdict)),
        ])
    }

    /// The rule that looks up the destination port of a protocol in a map.
    static func lookup(_ map: String, _ transport: TransportProtocol) -> Rule {
        Rule(
            Match.transport(transport.rawValue) + [
                .payload(Payload(base: .transport, offset: 2, length: 2)),
                .lookup(Lookup(.named(map), destination: .verdict)),
            ])
    }

    /// The rule that sends ICMP to the chain of its family, and protocols without ports to their services.
    var protocols: Rule { Self.protocols(.goto(Names.icmpv4), .goto(Names.icmpv6), whole) }

    /// The rule for redirected packets without ports: ICMP is left to other tables.
    var publishedProtocols: Rule { Self.protocols(.accept, .accept, whole.map(redirected)) }

    private static func protocols(
        _ icmpv4: Verdict, _ icmpv6: Verdict, _ whole: [(port: ServicePort, chain: String)]
    ) -> Rule {
        let icmp: [([UInt8], Verdict)] = [([Match.icmpProtocol], icmpv4), ([Match.icmpv6Protocol], icmpv6)]
        return .protocols(icmp + whole.map { ([$0.port.transport.rawValue], .goto($0.chain)) })
    }

    /// The rules that look up the port that a redirected client dialled.
    var publishedRules: [Rule] {
        Self.transports(singles + spans).map { transport in
            Rule(
                Match.transport(transport.rawValue) + [
                    .conntrack(ConntrackLoad(.destinationPort, direction: 0)),
                    .lookup(Lookup(.named(Names.published(transport.name)), destination: .verdict)),
                ])
        }
    }

    private static func transports(_ entries: [(port: ServicePort, chain: String)]) -> [TransportProtocol] {
        let present = Set(entries.map(\.port.transport))
        return TransportProtocol.withPorts.filter(present.contains)
    }

    private static func maps(
        _ entries: [(port: ServicePort, chain: String)], name: (String) -> String
    ) -> [NamedSet] {
        transports(entries).map { transport in
            let own = entries.filter { $0.port.transport == transport }
            let hasRanges = own.contains { $0.port.range.count > 1 }
            let elements = own.map { entry in
                SetElement(
                    key: entry.port.range.lowerBound.bigEndianBytes,
                    upper: hasRanges ? entry.port.range.upperBound.bigEndianBytes : nil,
                    value: .verdict(.goto(entry.chain)))
            }
            return NamedSet(
                name: name(transport.name), definition: .ports(ranges: hasRanges),
                elements: .list(elements.sortedByKey()))
        }
    }

    /// A key of the hash map: protocol and port in network byte order, each padded to 4 bytes.
    static func key(_ transport: TransportProtocol, _ port: UInt16) -> [UInt8] {
        [transport.rawValue, 0, 0, 0] + port.bigEndianBytes + [0, 0]
    }
}
