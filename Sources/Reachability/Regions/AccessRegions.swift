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

/// The evaluations of one ruleset for all keys, which share the sets that they read.
struct Survey {
    /// The hooks in each order in which chains may run.
    private let hooks: [Hooks]
    private let ties: ChainTies
    let circumstances: Circumstances
    let spaces: SourceSpaces
    let rules: RuleNumbers
    let keepsRefusals: Bool
    /// The keys that differ only in the destination, together.
    let keysByPlace: [[AccessRegions.Key]]
    let budget: WorkBudget
    var keys: [AccessRegions.Key] { keysByPlace.flatMap(\.self) }
    private let shared: SharedChains?
    /// Whether a rule reads the flags of TCP.
    private let readsFlags: Bool
    private let conditions: [AddressFamily: Conditions]
    private let readers: [AddressFamily: SetReader]

    init(
        _ tables: [Table], _ circumstances: Circumstances, _ transports: [TransportProtocol],
        _ interfaces: [InterfaceClass], _ destinations: DestinationClasses, _ users: [SocketUser?],
        _ spaces: SourceSpaces,
        _ rules: RuleNumbers, keepsRefusals: Bool, budget: WorkBudget = WorkBudget(),
        sharing shared: SharedChains? = nil
    ) {
        let hooks = Hooks(tables: tables)
        (self.hooks, ties) = (hooks.alternatives, hooks.ties)
        self.circumstances = circumstances
        self.spaces = spaces
        self.rules = rules
        self.keepsRefusals = keepsRefusals
        self.budget = budget
        self.shared = shared
        readsFlags = tables.contains(where: \.readsFlags)
        var conditions: [AddressFamily: Conditions] = [:]
        for family in AddressFamily.allCases { conditions[family] = Conditions(family: family, space: spaces[family]) }
        self.conditions = conditions
        readers = conditions.mapValues(SetReader.init)
        keysByPlace = transports.flatMap { transport in
            AddressFamily.allCases.flatMap { family in
                interfaces.flatMap { interface in
                    users.map { user in
                        destinations[family].map {
                            AccessRegions.Key(
                                family: family, transport: transport, interface: interface, destination: $0, user: user)
                        }
                    }
                }
            }
        }
    }

    /// The result for the packets of a class to these ports.
    func evaluate(
        _ key: AccessRegions.Key, _ path: PacketPath, to ports: IntervalSet<UInt16> = .all,
        tracksDestinations: Bool = false
    ) -> RegionEvaluation.Outcome {
        outcome(key, tracksDestinations: tracksDestinations) { $0.evaluate(path, to: ports) }
    }

    /// The result for the packets of a class in these disjoint boxes.
    func evaluate(_ key: AccessRegions.Key, _ path: PacketPath, of boxes: [Box]) -> RegionEvaluation.Outcome {
        outcome(key) { $0.evaluate(path, of: boxes) }
    }

    /// The result for the replies of this host to the packets of a class in these disjoint boxes; they leave by the interface
    /// that the packets come by.
    func evaluateReplies(_ key: AccessRegions.Key, to boxes: [Box]) -> RegionEvaluation.Outcome {
        outcome(key, isReply: true) { $0.evaluateReplies(to: boxes) }
    }

    /// The result for the replies of the hosts to which the packets in these pieces were forwarded.
    func evaluateReplies(_ key: AccessRegions.Key, toForwarded pieces: [Piece]) -> RegionEvaluation.Outcome {
        outcome(key, isReply: true) { $0.evaluateReplies(toForwarded: pieces) }
    }

    /// What the packets of a class have in common.
    func setting(_ key: AccessRegions.Key, isReply: Bool = false) -> Setting {
        setting(key, circumstances, isReply: isReply)
    }

    private func setting(_ key: AccessRegions.Key, _ circumstances: Circumstances, isReply: Bool) -> Setting {
        Setting(
            family: key.family, transport: key.transport, interface: key.interface.representative,
            circumstances: circumstances, isReply: isReply, dialled: key.destination.possible,
            user: key.user)
    }

    /// The result of an evaluation; a client whose packet with ECN is lost repeats it without, and gets in where that one does.
    private func outcome(
        _ key: AccessRegions.Key, isReply: Bool = false, tracksDestinations: Bool = false,
        _ evaluate: (RegionEvaluation) -> RegionEvaluation.Outcome
    ) -> RegionEvaluation.Outcome {
        func result(_ circumstances: Circumstances) -> RegionEvaluation.Outcome {
            outcome(key, setting(key, circumstances, isReply: isReply), tracksDestinations, evaluate)
        }
        let either = result(circumstances)
        guard readsFlags, key.transport == .tcp, !isReply, either.isUncertain else { return either }
        return either.settled(by: result(circumstances.withoutECN), spaces[key.family])
    }

    /// The result of an evaluation in every order.
    private func outcome(
        _ key: AccessRegions.Key, _ setting: Setting, _ tracksDestinations: Bool,
        _ evaluate: (RegionEvaluation) -> RegionEvaluation.Outcome
    ) -> RegionEvaluation.Outcome {
        let outcomes = hooks.map { evaluate(evaluation(key, $0, setting, tracksDestinations: tracksDestinations)) }
        guard let example = ties.example else { return outcomes[0] }
        return .combined(
            outcomes, doubtedBy: rules.number(example), isComplete: ties.isComplete, spaces[key.family])
    }

    private func evaluation(
        _ key: AccessRegions.Key, _ hooks: Hooks, _ setting: Setting, tracksDestinations: Bool
    ) -> RegionEvaluation {
        guard let reader = readers[key.family], let conditions = conditions[key.family] else {
            preconditionFailure("both families have a reader")
        }
        let isShared = !setting.isSent && setting.circumstances.ecn == .either
        return RegionEvaluation(
            hooks, key, setting, reader, conditions, rules, budget, isShared ? shared : nil,
            keepsRefusals: keepsRefusals || ties.example != nil, tracksDestinations: tracksDestinations)
    }
}
