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
    /// The interfaces it is so on, as a policy writes them and `nil` for those that nobody names; empty for all but `lo`.
    public var interfaces: [String?]
    /// The places that keep from knowing, where that is what the change is.
    public var doubts: [RuleReference]
}

/// Who gains and who loses access between two rulesets: empty when nobody does.
public struct AccessDifference {
    /// What is open after and was not before.
    public private(set) var gained: [AccessChange] = []
    /// What was open before and is not after.
    public private(set) var lost: [AccessChange] = []
    /// What may be open before or after, and is not known to be the same.
    public private(set) var unknown: [AccessChange] = []
    /// Who could reach what before.
    public let before: AccessRegions
    /// Who can reach what after.
    public let after: AccessRegions

    /// Whether nobody gains or loses access, for certain.
    public var isEmpty: Bool { gained.isEmpty && lost.isEmpty && unknown.isEmpty }

    /// The difference between two rulesets, exact for new connections in the circumstances.
    ///
    /// - Parameters:
    ///   - old: the tables before.
    ///   - new: the tables after.
    ///   - circumstances: the time, and what is taken of limits.
    ///   - path: which of the packets' ways is followed.
    public init(from old: [Table], to new: [Table], in circumstances: Circumstances, path: PacketPath = .arriving) {
        let (spaces, places) = (SourceSpaces(), Places())
        let interfaces = InterfaceClass.all(in: old + new)
        let before = AccessRegions(
            old, in: circumstances, path: path, interfaces: interfaces, spaces: spaces, places: places)
        let after = AccessRegions(
            new, in: circumstances, path: path, interfaces: interfaces, spaces: spaces, places: places)
        self.init(from: before, to: after, interfaces)
    }

    private init(from before: AccessRegions, to after: AccessRegions, _ interfaces: [InterfaceClass]) {
        (self.before, self.after) = (before, after)
        var (gained, lost, unknown) = (
            ChangeCollector(interfaces), ChangeCollector(interfaces), ChangeCollector(interfaces)
        )
        let spaces = before.spaces
        // What this host does to itself is nobody's access.
        for key in before.keys where key.interface != .loopback {
            let space = spaces[key.family]
            for pair in Self.pairs(before.segments[key] ?? [], after.segments[key] ?? []) {
                let (was, willBe) = (pair.old, pair.new)
                let same = was.open == willBe.open && was.unknown == willBe.unknown
                guard !(same && was.unknown == space.none) else { continue }
                let more = space.difference(space.difference(willBe.open, was.open), was.unknown)
                let less = space.difference(space.difference(was.open, willBe.open), willBe.unknown)
                gained.add(key, pair.ports, space.canonical(more), space)
                lost.add(key, pair.ports, space.canonical(less), space)
                let doubts = Set(was.doubts + willBe.doubts).sorted()
                unknown.add(key, pair.ports, space.canonical(space.union(was.unknown, willBe.unknown)), space, doubts)
            }
        }
        self.gained = gained.changes(spaces, before.places)
        self.lost = lost.changes(spaces, before.places)
        self.unknown = unknown.changes(spaces, before.places)
    }

    private typealias Segment = AccessRegions.Segment

    /// The ports of both lists in common pieces.
    private static func pairs(
        _ old: [Segment], _ new: [Segment]
    ) -> [(ports: ClosedRange<UInt16>, old: Segment, new: Segment)] {
        var pairs: [(ports: ClosedRange<UInt16>, old: Segment, new: Segment)] = []
        var (i, j) = (0, 0)
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

/// Gathers changes that are the same on several interfaces, and fuses neighbouring ports.
private struct ChangeCollector {
    private struct Subject: Hashable {
        let transport: TransportProtocol
        let family: AddressFamily
        let ports: ClosedRange<UInt16>
        let sources: SourceSpace.ID
        let doubts: [Int]
    }

    private let interfaces: [InterfaceClass]
    private var found: [Subject: [InterfaceClass]] = [:]
    private var pending: (key: AccessRegions.Key, subject: Subject)?

    init(_ interfaces: [InterfaceClass]) { self.interfaces = interfaces }

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
        if let (key, subject) = pending { found[subject, default: []].append(key.interface) }
        pending = nil
    }

    /// The changes by protocol, port and family.
    mutating func changes(_ spaces: SourceSpaces, _ places: Places) -> [AccessChange] {
        flush()
        let ordinary = interfaces.filter { $0 != .loopback }
        let changes = found.map { subject, on in
            AccessChange(
                transport: subject.transport, ports: subject.ports, family: subject.family,
                sources: spaces.addresses(subject.sources, subject.family),
                interfaces: ordinary.allSatisfy(on.contains) ? [] : on.map(\.pattern),
                doubts: subject.doubts.map { places.all[$0] })
        }
        return changes.sorted { $0.order.lexicographicallyPrecedes($1.order) }
    }
}

extension AccessChange {
    /// What changes are sorted by.
    fileprivate var order: [String] {
        let number = String(ports.lowerBound)
        return [
            String(transport.rawValue + 100), String(repeating: "0", count: 5 - number.count) + number, family.rawValue,
            interfaces.map { $0 ?? "~" }.joined(separator: ","), sources.order,
        ]
    }
}

extension AddressSet {
    fileprivate var order: String {
        ipv4.ranges.first.map { IPv4Address.text(of: $0) } ?? ipv6.ranges.first.map { IPv6Address.text(of: $0) } ?? ""
    }
}
