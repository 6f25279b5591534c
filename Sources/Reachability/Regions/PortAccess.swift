public import Addressing

/// The sources that can connect to a range of ports by some interfaces.
public struct PortAccess: Hashable, Sendable {
    /// The sources that certainly can connect to one of the ports.
    public var open: AddressSet
    /// The sources that perhaps can.
    public var unknown: AddressSet
    /// Whether that is so for each of the ports.
    public var isUniform: Bool
    /// The interfaces as a policy writes them, `nil` for all that no ruleset names; empty for all that the host has.
    public var interfaces: [String?]
    /// The addresses of this host that it is about; empty for all.
    public var destinations: [DestinationClass]
    /// A rule that makes the access unknown.
    public var doubt: RuleReference?

    /// Access of these parts.
    public init(
        open: AddressSet = AddressSet(), unknown: AddressSet = AddressSet(), isUniform: Bool = true,
        interfaces: [String?] = [], destinations: [DestinationClass] = [], doubt: RuleReference? = nil
    ) {
        self.open = open
        self.unknown = unknown
        self.isUniform = isUniform
        self.interfaces = interfaces
        self.destinations = destinations
        self.doubt = doubt
    }
}

extension AccessRegions {
    /// The access of the clients of some families to ports at any of these addresses of the host, or at any of all if there
    /// are none: once for all interfaces and addresses with the same; empty if no source of another host can or perhaps can
    /// connect.
    public func access(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ families: Set<AddressFamily>,
        at addresses: [IPAddress] = []
    ) -> [PortAccess] {
        let parts = parts(transport, ports, families, at: addresses)
        let places = Dictionary(grouping: parts.keys) { parts[$0] ?? [:] }
        return places.flatMap { byInterface, destinations in
            let groups = Dictionary(grouping: byInterface.keys) { byInterface[$0] ?? Part() }
            return groups.compactMap { part, interfaces -> PortAccess? in
                guard !part.isClosed else { return nil }
                var access = access(part)
                if interfaces.count < byInterface.count {
                    access.interfaces = interfaces.map(\.pattern).sorted(by: Self.order)
                }
                if destinations.count < parts.count {
                    access.destinations = destinations.filter { $0.addresses != nil }
                }
                return access
            }
        }.sorted(by: Self.order)
    }

    /// Whether the access to ports is the same in other regions, which share the sets and the classes.
    public func hasSameAccess(
        as other: AccessRegions, _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>,
        at addresses: [IPAddress] = []
    ) -> Bool {
        func sources(_ regions: AccessRegions) -> [DestinationClass: [InterfaceClass: Part.Sources]] {
            regions.parts(transport, ports, Set(AddressFamily.allCases), at: addresses).mapValues {
                $0.mapValues(\.sources)
            }
        }
        return sources(self) == sources(other)
    }

    /// The sources that can connect to every port of TCP and UDP by these interfaces of the host; by any of none.
    public func openOnEveryPort(on interfaces: [InterfacePattern]) -> AddressSet {
        let meant = interfaces.isEmpty ? present : Set(interfaces.flatMap(classes))
        var sources = AddressSet()
        for family in AddressFamily.allCases {
            let space = spaces[family]
            var open = space.none
            for interface in meant {
                let lists = [TransportProtocol.tcp, .udp].flatMap { transport in
                    outerSegments(transport, family, at: []).filter { $0.key.interface == interface }
                }
                var everywhere = space.all
                for list in lists where everywhere != space.none {
                    everywhere = list.segments.all.map(\.open).reduce(everywhere, space.intersection)
                }
                open = space.union(open, everywhere)
            }
            sources = sources.union(spaces.addresses(space.canonical(open), family))
        }
        return sources
    }

    /// The classes of those interfaces of the host that match; of all that may, if the interfaces are not known.
    private func classes(_ pattern: InterfacePattern) -> [InterfaceClass] {
        let all = Array(Set(keys.map(\.interface)))
        guard let known = routes?.indices.keys else {
            let inside = all.filter { $0.pattern.map { pattern.isPrefix && $0.hasPrefix(pattern.name) } == true }
            return inside + [all.fitting(pattern.name)].compactMap(\.self)
        }
        return known.filter(pattern.matches).compactMap(all.fitting)
    }

    /// Interfaces by name, those without a name last.
    private static func order(_ first: String?, _ second: String?) -> Bool {
        guard let first, let second else { return first != nil && second == nil }
        return first < second
    }

    private static func order(_ first: PortAccess, _ second: PortAccess) -> Bool {
        let (one, other) = (first.interfaces.first ?? nil, second.interfaces.first ?? nil)
        guard one == other else { return order(one, other) }
        return first.destinations.map(\.order).lexicographicallyPrecedes(second.destinations.map(\.order))
    }

    /// The access by one class of interfaces, as numbers of sets.
    private struct Part: Hashable {
        struct Sources: Hashable {
            /// The sources that can connect, by family.
            var open: [AddressFamily: SourceSpace.ID] = [:]
            /// The sources that perhaps can.
            var unknown: [AddressFamily: SourceSpace.ID] = [:]
            var isUniform = true
        }

        var sources = Sources()
        var doubts: [Int] = []

        var isClosed: Bool { sources.open.isEmpty && sources.unknown.isEmpty }
    }

    private func parts(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ families: Set<AddressFamily>,
        at addresses: [IPAddress]
    ) -> [DestinationClass: [InterfaceClass: Part]] {
        var parts: [DestinationClass: [InterfaceClass: Part]] = [:]
        for family in families {
            for (key, segments) in outerSegments(transport, family, at: addresses) {
                add(
                    segments.segments(ports), family,
                    to: &parts[key.destination, default: [:]][key.interface, default: Part()])
            }
        }
        return parts
    }

    /// Adds the segments of one family.
    private func add(_ found: [Segment], _ family: AddressFamily, to part: inout Part) {
        let space = spaces[family]
        func has(_ sources: SourceSpace.ID) -> Bool { sources != space.none && hasRemoteSource(sources, family) }
        let open = space.canonical(space.union(of: Set(found.map(\.open))))
        let maybe = space.union(of: Set(found.map(\.unknown)))
        let unknown = space.canonical(space.difference(maybe, open))
        if has(open) { part.sources.open[family] = open }
        if has(unknown) {
            part.sources.unknown[family] = unknown
            part.doubts = Set(part.doubts + found.flatMap(\.doubts)).sorted()
        }
        let kinds = Set(found.map { [space.canonical($0.open), space.canonical($0.unknown)] })
        if kinds.count > 1 { part.sources.isUniform = false }
    }

    private func access(_ part: Part) -> PortAccess {
        func addresses(_ sources: [AddressFamily: SourceSpace.ID]) -> AddressSet {
            func of(_ family: AddressFamily) -> AddressSet {
                sources[family].map { spaces.addresses($0, family) } ?? AddressSet()
            }
            return AddressSet(ipv4: of(.ipv4).ipv4, ipv6: of(.ipv6).ipv6)
        }
        return PortAccess(
            open: addresses(part.sources.open), unknown: addresses(part.sources.unknown),
            isUniform: part.sources.isUniform, doubt: part.doubts.first.map { rules.all[$0] })
    }
}
