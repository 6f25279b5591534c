public import Addressing
public import Rulesets

/// Who can reach which ports: for every family, protocol and class of interfaces a partition of ports and sources into
/// open, closed and unknown.
public struct AccessRegions {
    /// Packets that differ in port and source alone.
    public struct Key: Hashable, Sendable {
        /// The family.
        public var family: AddressFamily
        /// The protocol.
        public var transport: TransportProtocol
        /// The interfaces.
        public var interface: InterfaceClass
    }

    /// Neighbouring ports with the same sources.
    struct Segment {
        var ports: ClosedRange<UInt16>
        /// The number of the set of sources that get in.
        var open: SourceSpace.ID
        /// The number of the set of sources of which it is not known.
        var unknown: SourceSpace.ID
        /// The numbers of the places that keep from knowing.
        var doubts: [Int]
    }

    let spaces: SourceSpaces
    let places: Places
    /// The segments of each key, ascending and adjacent: together they have every port.
    let segments: [Key: [Segment]]
    /// The keys in a fixed order.
    public let keys: [Key]
    /// The redirections of connections that come in on other interfaces than `lo`, by protocol and port.
    public let redirections: [Redirection]
    /// Rules before routing that are not understood: what they may redirect is not among `redirections`.
    public let unread: [RuleReference]

    /// The regions of rulesets.
    ///
    /// - Parameters:
    ///   - tables: every table that counts.
    ///   - circumstances: the time, and what is taken of limits.
    ///   - path: which of the packets' ways is followed.
    public init(_ tables: [Table], in circumstances: Circumstances, path: PacketPath = .arriving) {
        self.init(
            tables, in: circumstances, path: path, interfaces: InterfaceClass.all(in: tables), spaces: SourceSpaces(),
            places: Places())
    }

    /// Regions whose sets and places have the numbers of others, so that both can be compared.
    init(
        _ tables: [Table], in circumstances: Circumstances, path: PacketPath, interfaces: [InterfaceClass],
        spaces: SourceSpaces, places: Places
    ) {
        self.spaces = spaces
        self.places = places
        let survey = Survey(tables, circumstances, interfaces, spaces, places, keepsRefusals: false)
        var segments: [Key: [Segment]] = [:]
        var collector = RedirectionCollector(places)
        for key in survey.keys {
            let outcome = survey.evaluate(key, path)
            segments[key] = Segment.all(of: outcome, spaces[key.family])
            collector.add(outcome, key)
        }
        self.segments = segments
        keys = survey.keys
        (redirections, unread) = (collector.redirections, collector.unreadRules)
    }

    /// Whether a packet gets in; the interface is the class's.
    public func verdict(_ key: Key, port: UInt16, source: UInt128) -> PacketVerdict {
        guard let segment = segments[key]?.first(where: { $0.ports.contains(port) }) else { return .unknown([]) }
        let space = spaces[key.family]
        if space.spans(segment.open).contains(source) { return .accept }
        guard space.spans(segment.unknown).contains(source) else { return .refuse }
        return .unknown(segment.doubts.map { places.all[$0] })
    }
}

/// The sets of sources of both families.
final class SourceSpaces {
    private let ipv4 = SourceSpace(width: 32)
    private let ipv6 = SourceSpace(width: 128)
    /// What was asked for: thousands of ports can have one big set of sources.
    private var known: [AddressFamily: [SourceSpace.ID: AddressSet]] = [:]

    subscript(_ family: AddressFamily) -> SourceSpace { family == .ipv4 ? ipv4 : ipv6 }

    /// A set as addresses.
    func addresses(_ id: SourceSpace.ID, _ family: AddressFamily) -> AddressSet {
        if let known = known[family]?[id] { return known }
        let addresses = worked(id, family)
        known[family, default: [:]][id] = addresses
        return addresses
    }

    private func worked(_ id: SourceSpace.ID, _ family: AddressFamily) -> AddressSet {
        let ranges = self[family].spans(id).ranges
        guard family == .ipv4 else { return AddressSet(ipv4: [], ipv6: ranges) }
        return AddressSet(ipv4: ranges.map { UInt32($0.lowerBound)...UInt32($0.upperBound) }, ipv6: [])
    }
}

/// The evaluations of one ruleset, which share what they read.
struct Survey {
    let hooks: Hooks
    let circumstances: Circumstances
    let spaces: SourceSpaces
    let places: Places
    let keepsRefusals: Bool
    let keys: [AccessRegions.Key]
    private let conditions: [AddressFamily: Conditions]
    private let readers: [AddressFamily: SetReader]

    init(
        _ tables: [Table], _ circumstances: Circumstances, _ interfaces: [InterfaceClass], _ spaces: SourceSpaces,
        _ places: Places, keepsRefusals: Bool
    ) {
        hooks = Hooks(tables: tables)
        self.circumstances = circumstances
        self.spaces = spaces
        self.places = places
        self.keepsRefusals = keepsRefusals
        var conditions: [AddressFamily: Conditions] = [:]
        for family in AddressFamily.allCases { conditions[family] = Conditions(family: family, space: spaces[family]) }
        self.conditions = conditions
        readers = conditions.mapValues(SetReader.init)
        keys = TransportProtocol.allCases.flatMap { transport in
            AddressFamily.allCases.flatMap { family in
                interfaces.map { AccessRegions.Key(family: family, transport: transport, interface: $0) }
            }
        }
    }

    func evaluate(_ key: AccessRegions.Key, _ path: PacketPath) -> RegionEvaluation.Outcome {
        let setting = Setting(
            family: key.family, transport: key.transport, interface: key.interface.representative,
            circumstances: circumstances)
        guard let reader = readers[key.family], let conditions = conditions[key.family] else {
            preconditionFailure("both families have a reader")
        }
        let evaluation = RegionEvaluation(hooks, setting, reader, conditions, places, keepsRefusals: keepsRefusals)
        return evaluation.evaluate(path)
    }
}
