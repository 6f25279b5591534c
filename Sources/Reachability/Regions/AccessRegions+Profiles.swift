public import Addressing

/// Ports of one protocol with the same access.
public struct AccessProfile: Hashable, Sendable {
    /// The access at one place: by a class of interfaces, to a class of addresses of this host.
    public struct Cell: Hashable, Sendable {
        /// The family.
        public var family: AddressFamily
        /// The interfaces.
        public var interface: InterfaceClass
        /// The addresses of this host.
        public var destination: DestinationClass
        /// The user of the sockets of packets that leave; `nil` for packets that arrive.
        public var user: SocketUser?
        /// The sources of that family that can connect.
        public var open: AddressSet
        /// The sources of that family of which it is not known.
        public var unknown: AddressSet
        /// The rules that make it unknown.
        public var doubts: [RuleReference]
    }

    /// The ports.
    public var ports: IntervalSet<UInt16>
    /// The access at each place, on all interfaces but `lo`, in the order of the classes.
    public var cells: [Cell]
}

/// A message of ICMP that asks for an answer.
public enum EchoRequest {
    /// The protocol of a family.
    public static func transport(_ family: AddressFamily) -> TransportProtocol { family == .ipv4 ? .icmp : .icmpv6 }

    /// The type and the code, which stand for the port: RFC 792 and RFC 4443 4.1.
    public static func port(_ family: AddressFamily) -> UInt16 { family == .ipv4 ? 8 << 8 : 128 << 8 }
}

extension AccessRegions {
    /// The protocols whose access the ruleset distinguishes, apart from ICMP and IGMP.
    public var transports: [TransportProtocol] {
        var seen: Set<TransportProtocol> = []
        return keys.map(\.transport).filter { seen.insert($0).inserted }
    }

    /// Every port of a protocol, by its access on all interfaces, whether the host has them or not.
    public func profiles(of transport: TransportProtocol) -> [AccessProfile] {
        let lists = outerLists(transport, AddressFamily.allCases)
        let cuts = Set(lists.flatMap { $0.segments.map(\.ports.lowerBound) }).sorted()
        var ports: [[Signature]: [ClosedRange<UInt16>]] = [:]
        var order: [[Signature]] = []
        var places = Array(repeating: 0, count: lists.count)
        for (number, lower) in cuts.enumerated() {
            for index in lists.indices {
                while lists[index].segments[places[index]].ports.upperBound < lower { places[index] += 1 }
            }
            let signature = lists.indices.map { self.signature(lists[$0].key, lists[$0].segments[places[$0]]) }
            if ports[signature] == nil { order.append(signature) }
            let upper = number + 1 < cuts.count ? cuts[number + 1] - 1 : UInt16.max
            ports[signature, default: []].append(lower...upper)
        }
        return order.map { signature in
            AccessProfile(
                ports: IntervalSet(ports[signature] ?? []),
                cells: zip(lists, signature).map { cell($0.key, $1) })
        }
    }

    /// The access of echo requests of a family on all interfaces.
    public func echoRequests(_ family: AddressFamily) -> [AccessProfile.Cell] {
        let port = EchoRequest.port(family)
        return outerLists(EchoRequest.transport(family), [family]).compactMap { key, segments in
            segments.first { $0.ports.contains(port) }.map { cell(key, signature(key, $0)) }
        }
    }

    /// The numbers of the sets of sources at one place.
    private struct Signature: Hashable {
        var open: SourceSpace.ID
        var unknown: SourceSpace.ID
        var doubts: [Int]
    }

    private func signature(_ key: Key, _ segment: Segment) -> Signature {
        let space = spaces[key.family]
        return Signature(
            open: space.canonical(segment.open), unknown: space.canonical(segment.unknown), doubts: segment.doubts)
    }

    private func cell(_ key: Key, _ signature: Signature) -> AccessProfile.Cell {
        AccessProfile.Cell(
            family: key.family, interface: key.interface, destination: key.destination, user: key.user,
            open: spaces.addresses(signature.open, key.family),
            unknown: spaces.addresses(signature.unknown, key.family),
            doubts: signature.doubts.map { rules.all[$0] })
    }

    /// The segments of a protocol on all interfaces but `lo`; those that no rule names are computed here.
    private func outerLists(
        _ transport: TransportProtocol, _ families: [AddressFamily]
    ) -> [(key: Key, segments: [Segment])] {
        // Every ruleset has the classes of TCP.
        let places = keys.filter { $0.transport == .tcp && $0.interface != .loopback && families.contains($0.family) }
        return places.map { place in
            var key = place
            key.transport = transport
            return (key, (segments[key] ?? evaluated(key)).all)
        }
    }
}
