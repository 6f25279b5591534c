public import Addressing
public import Rulesets

/// Sources of one family that gain or lose access to ports.
public struct AccessChange: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// The ports, both ends included.
    public var ports: ClosedRange<UInt16>
    /// The family of the sources.
    public var family: AddressFamily
    /// The sources.
    public var sources: AddressSet
    /// The interfaces as a policy writes them, `nil` for all that no ruleset names; empty for all interfaces but `lo`.
    public var interfaces: [String?]
    /// The addresses of this host that it is about; empty for all.
    public var destinations: [DestinationClass] = []
    /// The rules that make the access unknown; empty for a certain change.
    public var doubts: [RuleReference]
}

/// The sources that gain and lose access between two rulesets; empty if the access is the same.
public struct AccessDifference {
    /// Access that is open after and was closed before.
    public private(set) var gained: [AccessChange] = []
    /// Access that was open before and is closed after.
    public private(set) var lost: [AccessChange] = []
    /// Access that may be open before or after, and may differ.
    public private(set) var unknown: [AccessChange] = []
    /// The access before.
    public let before: AccessRegions
    /// The access after.
    public let after: AccessRegions

    /// Whether it is certain that no source gains or loses access.
    public var isEmpty: Bool { gained.isEmpty && lost.isEmpty && unknown.isEmpty }

    /// The difference between two rulesets, exact for new connections under these circumstances.
    ///
    /// - Parameters:
    ///   - old: the tables before.
    ///   - new: the tables after.
    ///   - circumstances: the time, the host's addresses and the assumption about limits.
    ///   - path: the hooks that the packets pass.
    public init(from old: [Table], to new: [Table], in circumstances: Circumstances, path: PacketPath = .arriving) {
        let spaces = SourceSpaces()
        let rules = RuleNumbers()
        let interfaces = InterfaceClass.all(in: old + new, circumstances.routes)
        let transports = TransportProtocol.all(in: old + new)
        let destinations = path.destinations(in: old + new, circumstances)
        let kept = Set(old.filter(new.contains).map(\.name))
        let shared = SharedChains(kept)
        func regions(_ tables: [Table]) -> AccessRegions {
            AccessRegions(
                tables, in: circumstances, path: path, transports: transports, interfaces: interfaces,
                destinations: destinations, spaces: spaces, rules: rules, sharing: shared)
        }
        self.init(from: regions(old), to: regions(new), ChangeCollector(interfaces, destinations), kept)
    }

    private init(
        from before: AccessRegions, to after: AccessRegions, _ collector: ChangeCollector, _ kept: Set<TableName>
    ) {
        self.before = before
        self.after = after
        var (gained, lost, unknown) = (collector, collector, collector)
        let spaces = before.spaces
        // Connections of this host to itself are not access.
        for key in before.keys where key.interface != .loopback {
            let space = spaces[key.family]
            for pair in Self.pairs(before.segments[key] ?? [], after.segments[key] ?? []) {
                let was = pair.old
                let willBe = pair.new
                guard !Self.areSame(was, willBe, doubtedBy: kept, before.rules) else { continue }
                let more = space.difference(space.difference(willBe.open, was.open), was.unknown)
                let less = space.difference(space.difference(was.open, willBe.open), willBe.unknown)
                gained.add(key, pair.ports, space.canonical(more), space)
                lost.add(key, pair.ports, space.canonical(less), space)
                let doubts = Set(was.doubts + willBe.doubts).sorted()
                unknown.add(key, pair.ports, space.canonical(space.union(was.unknown, willBe.unknown)), space, doubts)
            }
        }
        self.gained = gained.changes(spaces, before.rules)
        self.lost = lost.changes(spaces, before.rules)
        self.unknown = unknown.changes(spaces, before.rules)
    }

    private typealias Segment = AccessRegions.Segment

    /// Whether both have the same access, unknown at most because of the same rules of tables that do not change.
    private static func areSame(
        _ old: Segment, _ new: Segment, doubtedBy kept: Set<TableName>, _ rules: RuleNumbers
    ) -> Bool {
        guard old.open == new.open, old.unknown == new.unknown, old.doubts == new.doubts else { return false }
        return old.doubts.allSatisfy { kept.contains(rules.all[$0].table) }
    }

    /// The ports of both lists, cut into ranges that are in one segment of each list.
    private static func pairs(
        _ old: [Segment], _ new: [Segment]
    ) -> [(ports: ClosedRange<UInt16>, old: Segment, new: Segment)] {
        var pairs: [(ports: ClosedRange<UInt16>, old: Segment, new: Segment)] = []
        var i = 0
        var j = 0
        while i < old.count, j < new.count {
            let lower = max(old[i].ports.lowerBound, new[j].ports.lowerBound)
            let upper = min(old[i].ports.upperBound, new[j].ports.upperBound)
            pairs.append((lower...upper, old[i], new[j]))
            if old[i].ports.upperBound == upper { i += 1 }
            if new[j].ports.upperBound == upper { j += 1 }
        }
        return pairs
    }
}

/// Collects changes, merges adjacent ports, and merges interfaces with the same change.
private struct ChangeCollector {
    private struct Subject: Hashable {
        let transport: TransportProtocol
        let family: AddressFamily
        let ports: ClosedRange<UInt16>
        let sources: SourceSpace.ID
        let doubts: [Int]
    }

    /// The same change on the same interfaces.
    private struct Place: Hashable {
        let subject: Subject
        let interfaces: [InterfaceClass]
    }

    private let interfaces: [InterfaceClass]
    private let destinations: DestinationClasses
    private var found: [Subject: [DestinationClass: [InterfaceClass]]] = [:]
    private var pending: (key: AccessRegions.Key, subject: Subject)?

    init(_ interfaces: [InterfaceClass], _ destinations: DestinationClasses) {
        self.interfaces = interfaces
        self.destinations = destinations
    }

    mutating func add(
        _ key: AccessRegions.Key, _ ports: ClosedRange<UInt16>, _ sources: SourceSpace.ID, _ space: SourceSpace,
        _ doubts: [Int] = []
    ) {
        guard sources != space.none else { return }
        if let (last, subject) = pending, last == key, subject.sources == sources, subject.doubts == doubts,
            Int(subject.ports.upperBound) + 1 == Int(ports.lowerBound)
        {
            let fused = subject.ports.lowerBound...ports.upperBound
            pending = (
                key, .init(transport: key.transport, family: key.family, ports: fused, sources: sources, doubts: doubts)
            )
        } else {
            flush()
            pending = (
                key, .init(transport: key.transport, family: key.family, ports: ports, sources: sources, doubts: doubts)
            )
        }
    }

    private mutating func flush() {
        if let (key, subject) = pending {
            found[subject, default: [:]][key.destination, default: []].append(key.interface)
        }
        pending = nil
    }

    /// The changes, each with its interfaces, and the destinations where it is the same.
    private var places: [Place: [DestinationClass]] {
        var places: [Place: [DestinationClass]] = [:]
        for (subject, on) in found {
            for destination in destinations[subject.family] {
                guard let interfaces = on[destination] else { continue }
                places[Place(subject: subject, interfaces: interfaces), default: []].append(destination)
            }
        }
        return places
    }

    /// The changes by protocol, port and family.
    mutating func changes(_ spaces: SourceSpaces, _ rules: RuleNumbers) -> [AccessChange] {
        flush()
        let ordinary = interfaces.filter { $0 != .loopback }
        let changes = places.map { place, at in
            let (subject, on) = (place.subject, place.interfaces)
            return AccessChange(
                transport: subject.transport, ports: subject.ports, family: subject.family,
                sources: spaces.addresses(subject.sources, subject.family),
                interfaces: ordinary.allSatisfy(on.contains) ? [] : on.map(\.pattern),
                destinations: at.count == destinations[subject.family].count ? [] : at,
                doubts: subject.doubts.map { rules.all[$0] })
        }
        return changes.sorted { $0.order.lexicographicallyPrecedes($1.order) }
    }
}

extension AccessChange {
    /// The sort key of changes.
    fileprivate var order: [String] {
        let number = String(ports.lowerBound)
        return [
            String(transport.rawValue + 100), String(repeating: "0", count: 5 - number.count) + number, family.rawValue,
            interfaces.map { $0 ?? "~" }.joined(separator: ","), sources.order,
            destinations.map { $0.addresses?.order ?? "" }.joined(separator: ","),
        ]
    }
}

extension AddressSet {
    fileprivate var order: String {
        ipv4.ranges.first.map { IPv4Address.text(of: $0) } ?? ipv6.ranges.first.map { IPv6Address.text(of: $0) } ?? ""
    }
}
