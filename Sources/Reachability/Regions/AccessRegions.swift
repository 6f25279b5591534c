public import Addressing
public import Rulesets

/// The access of sources to ports: for each family, protocol and class of interfaces a partition of ports and sources
/// into open, closed and unknown.
public struct AccessRegions {
    /// A class of packets that differ only in port and source.
    public struct Key: Hashable, Sendable {
        /// The family.
        public var family: AddressFamily
        /// The protocol.
        public var transport: TransportProtocol
        /// The interfaces.
        public var interface: InterfaceClass
        /// The addresses of this host that the packets are for.
        public var destination = DestinationClass.all
        /// The user of the sockets of packets that leave; `nil` for packets that arrive.
        public var user: SocketUser?
    }

    /// Adjacent ports with the same sources; all ports for a protocol without ports.
    struct Segment {
        var ports: ClosedRange<UInt16>
        /// The set of sources that can connect.
        var open: SourceSpace.ID
        /// The set of sources whose access is unknown.
        var unknown: SourceSpace.ID
        /// The numbers of the rules that make it unknown.
        var doubts: [Int]
    }

    let spaces: SourceSpaces
    let rules: RuleNumbers
    /// The segments of each key of an interface other than `lo`.
    let segments: [Key: SegmentList]
    /// The segments of `lo`, about which few claims are.
    private let loopback = LateSegments()
    /// The keys in a fixed order.
    public let keys: [Key]
    /// The keys that differ only in the destination, together, in the same order.
    let keysByPlace: [[Key]]
    /// The classes of interfaces that the host has: the others are not part of a claim about a port.
    let present: Set<InterfaceClass>
    /// The keys of these interfaces.
    private let outer: OuterKeys
    let survey: Survey
    let path: PacketPath
    /// The routes of the host; `nil` if they are not known.
    var routes: Routes? { survey.circumstances.routes }
    /// The redirections of connections on all interfaces but `lo`, sorted by protocol and port.
    public let redirections: [Redirection]
    /// The rules in prerouting that are not modelled: `redirections` may lack their redirections.
    public let unread: [RuleReference]

    /// The access that a ruleset gives.
    ///
    /// - Parameters:
    ///   - tables: the tables of the ruleset.
    ///   - circumstances: the time, the host's addresses and the assumption about limits.
    ///   - path: the hooks that the packets pass.
    public init(_ tables: [Table], in circumstances: Circumstances, path: PacketPath = .arriving) {
        self.init(
            tables, in: circumstances, path: path, transports: TransportProtocol.all(in: tables),
            interfaces: InterfaceClass.all(in: tables, circumstances.routes, includesOutput: path == .leaving),
            destinations: path.destinations(in: tables, circumstances), users: path.users(in: tables),
            spaces: SourceSpaces(), rules: RuleNumbers())
    }

    /// Regions that share the numbers of sets and rules with other regions, so that both can be compared, and the passages
    /// through chains that both have.
    init(
        _ tables: [Table], in circumstances: Circumstances, path: PacketPath, transports: [TransportProtocol],
        interfaces: [InterfaceClass], destinations: DestinationClasses, users: [SocketUser?] = [nil],
        spaces: SourceSpaces, rules: RuleNumbers,
        budget: WorkBudget = WorkBudget(), sharing shared: SharedChains? = nil
    ) {
        self.spaces = spaces
        self.rules = rules
        let survey = Survey(
            tables, circumstances, transports, interfaces, destinations, users, spaces, rules, keepsRefusals: false,
            budget: budget, sharing: shared)
        var segments: [Key: SegmentList] = [:]
        var collector = RedirectionCollector(rules)
        for group in survey.keysByPlace
        where group[0].interface != .loopback && path.isPassed(by: group[0].family) {
            // The addresses that no ruleset names, which come last, have the results that most classes share.
            let model = group.last { $0.destination.isRest } ?? group[0]
            let outcome = survey.evaluate(model, path, tracksDestinations: group.count > 1)
            let all = Segment.all(of: outcome, spaces[model.family], survey.budget)
            segments[model] = SegmentList(all)
            collector.add(outcome, model)
            let ports = outcome.destinationTests.ports
            for key in group where key != model {
                let differing = ports.at(survey.setting(key).destinations.numbers)
                guard !differing.isEmpty else {
                    segments[key] = SegmentList(all)
                    continue
                }
                let outcome = survey.evaluate(key, path, to: differing)
                let found = Segment.all(of: outcome, spaces[key.family], survey.budget)
                segments[key] = SegmentList(all, found, at: differing)
                collector.add(outcome, key)
            }
        }
        self.segments = segments
        self.survey = survey
        present = interfaces.present(circumstances.routes)
        self.path = path
        keys = survey.keys
        keysByPlace = survey.keysByPlace
        outer = OuterKeys(survey.keys, on: present)
        redirections = collector.redirections
        unread = collector.unreadRules
    }

    /// The segments of a protocol and family, for each class of interfaces that the host has, except `lo`, of packets for any
    /// of these addresses of this host; for all if there are none.
    ///
    /// A protocol without ports that no rule names has no segments yet: they are computed here.
    func outerSegments(
        _ transport: TransportProtocol, _ family: AddressFamily, at addresses: [IPAddress]
    ) -> [(key: Key, segments: SegmentList)] {
        let known = outer.keys(transport, family, at: addresses)
        guard known.isEmpty else { return known.map { ($0, segments[$0] ?? SegmentList([])) } }
        // Every ruleset has the classes of TCP.
        return outer.keys(.tcp, family, at: addresses).map { place in
            var key = place
            key.transport = transport
            return (key, evaluated(key))
        }
    }

    /// The segments of a class that no ruleset names.
    func evaluated(_ key: Key) -> SegmentList {
        SegmentList(Segment.all(of: survey.evaluate(key, path), spaces[key.family], survey.budget))
    }

    /// The segments of a key; those of `lo` are computed when they are first needed.
    private func allSegments(_ key: Key) -> SegmentList? {
        guard key.interface == .loopback, path.isPassed(by: key.family) else { return segments[key] }
        return loopback.segments(of: key) { evaluated(key) }
    }

    /// The steps that the evaluation has cost so far.
    var steps: Int { WorkBudget().steps - survey.budget.steps }

    /// The verdict on a packet of the class `key`.
    public func verdict(_ key: Key, port: UInt16, source: UInt128) -> PacketVerdict {
        guard let segment = allSegments(key)?.segment(port) else { return .unknown([]) }
        let space = spaces[key.family]
        if space.spans(segment.open).contains(source) { return .accept }
        guard space.spans(segment.unknown).contains(source) else { return .refuse }
        return .unknown(segment.doubts.map { rules.all[$0] })
    }
}

/// Segments that are computed when they are needed, and kept.
private final class LateSegments {
    private var known: [AccessRegions.Key: SegmentList] = [:]

    func segments(of key: AccessRegions.Key, _ compute: () -> SegmentList) -> SegmentList {
        if let found = known[key] { return found }
        let found = compute()
        known[key] = found
        return found
    }
}

/// The classes of destinations of both families.
struct DestinationClasses {
    private let ipv4: [DestinationClass]
    private let ipv6: [DestinationClass]

    /// The classes that the rulesets distinguish.
    init(in tables: [Table], of host: AddressSet?) {
        ipv4 = DestinationClass.all(in: tables, .ipv4, of: host)
        ipv6 = DestinationClass.all(in: tables, .ipv6, of: host)
    }

    /// One class for each address of a host; those that the rulesets distinguish for a family with many, or none.
    init(in tables: [Table], ofEach host: AddressSet) {
        ipv4 = DestinationClass.each(of: host, .ipv4) ?? DestinationClass.all(in: tables, .ipv4, of: host)
        ipv6 = DestinationClass.each(of: host, .ipv6) ?? DestinationClass.all(in: tables, .ipv6, of: host)
    }

    /// One class with every address.
    init() { (ipv4, ipv6) = ([.all], [.all]) }

    subscript(_ family: AddressFamily) -> [DestinationClass] { family == .ipv4 ? ipv4 : ipv6 }
}

extension PacketPath {
    /// The classes of destinations on the path: packets to another host have one destination.
    func destinations(in tables: [Table], _ circumstances: Circumstances) -> DestinationClasses {
        switch self {
        case .routed, .leaving: DestinationClasses()
        case .arriving, .published:
            if circumstances.tellsAddressesApart, let addresses = circumstances.addresses {
                DestinationClasses(in: tables, ofEach: addresses)
            } else {
                DestinationClasses(in: tables, of: circumstances.addresses)
            }
        }
    }

    /// The classes of users on the path: packets that arrive have none.
    func users(in tables: [Table]) -> [SocketUser?] {
        self == .leaving ? SocketUser.classes(in: tables) : [nil]
    }
}

/// The spaces of sets of sources of both families.
final class SourceSpaces {
    private let ipv4 = SourceSpace(width: 32)
    private let ipv6 = SourceSpace(width: 128)
    /// Results of `addresses(_:_:)`: thousands of ports can share one large set of sources.
    private var known: [AddressFamily: [SourceSpace.ID: AddressSet]] = [:]

    subscript(_ family: AddressFamily) -> SourceSpace { family == .ipv4 ? ipv4 : ipv6 }

    /// The addresses of a set.
    func addresses(_ id: SourceSpace.ID, _ family: AddressFamily) -> AddressSet {
        if let known = known[family]?[id] { return known }
        let addresses = computed(id, family)
        known[family, default: [:]][id] = addresses
        return addresses
    }

    private func computed(_ id: SourceSpace.ID, _ family: AddressFamily) -> AddressSet {
        let ranges = self[family].spans(id).ranges
        guard family == .ipv4 else { return AddressSet(ipv4: [], ipv6: ranges) }
        return AddressSet(ipv4: ranges.map { UInt32($0.lowerBound)...UInt32($0.upperBound) }, ipv6: [])
    }
}
