internal import Addressing
internal import Rulesets

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
    let readsFlags: Bool
    /// Whether a rule reads what clients choose in the headers of their first packets.
    private let readsChosenHeaders: Bool
    private let conditions: [AddressFamily: Conditions]
    private let readers: [AddressFamily: SetReader]

    init(
        _ tables: [Table], _ circumstances: Circumstances, _ transports: [TransportProtocol],
        _ interfaces: [InterfaceClass], _ destinations: DestinationClasses, _ users: [SocketUser?],
        _ spaces: SourceSpaces,
        _ rules: RuleNumbers, keepsRefusals: Bool, budget: WorkBudget = WorkBudget(),
        sharing shared: SharedChains? = nil, beside others: [Table] = []
    ) {
        let hooks = Hooks(tables: tables, beside: others)
        (self.hooks, ties) = (hooks.alternatives, hooks.ties)
        self.circumstances = circumstances
        self.spaces = spaces
        self.rules = rules
        self.keepsRefusals = keepsRefusals
        self.budget = budget
        self.shared = shared
        readsFlags = hooks.tables.contains(where: \.readsFlags)
        readsChosenHeaders = hooks.tables.contains(where: \.readsChosenHeaders)
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

    /// Whether a chain may drop messages of ARP or neighbour discovery.
    var decidesOnDiscovery: Bool { hooks[0].decidesOnDiscovery }

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

    /// The result for the replies of this host to the packets of a class in these pieces; they leave by the interface that the
    /// packets come by.
    func evaluateReplies(
        _ key: AccessRegions.Key, to pieces: [Piece], _ phase: ExchangePhase = .reply
    ) -> RegionEvaluation.Outcome {
        outcome(key, phase) { $0.evaluateReplies(to: pieces) }
    }

    /// The result for the replies of the hosts to which the packets in these pieces were forwarded.
    func evaluateReplies(_ key: AccessRegions.Key, toForwarded pieces: [Piece]) -> RegionEvaluation.Outcome {
        outcome(key, .reply) { $0.evaluateReplies(toForwarded: pieces) }
    }

    /// The result for the later packets of the clients that have got the replies in these pieces.
    func evaluateLater(_ key: AccessRegions.Key, than replies: [Piece]) -> RegionEvaluation.Outcome {
        outcome(key, .later) { $0.evaluateLater(than: replies) }
    }

    /// The result for the messages by which the hosts in a set of sources find the hardware address behind the destinations of a
    /// class.
    func evaluate(_ message: LinkMessage, _ key: AccessRegions.Key, among sources: SourceSpace.ID)
        -> RegionEvaluation.Outcome
    {
        var circumstances = circumstances
        if message == .request { circumstances.destinationKind = key.family == .ipv4 ? .broadcast : .multicast }
        let setting = Setting(
            family: key.family, transport: key.transport, interface: key.interface.representative,
            circumstances: circumstances, dialled: key.destination.possible,
            user: message.leaves ? SocketUser.none : nil, message: message)
        return outcome(key, setting, false) { $0.evaluateMessages(sources) }
    }

    /// What the packets of a class have in common.
    func setting(_ key: AccessRegions.Key) -> Setting { setting(key, circumstances, .first) }

    private func setting(_ key: AccessRegions.Key, _ circumstances: Circumstances, _ phase: ExchangePhase) -> Setting {
        Setting(
            family: key.family, transport: key.transport, interface: key.interface.representative,
            circumstances: circumstances, phase: phase, dialled: key.destination.possible,
            user: key.user)
    }

    /// The result of an evaluation; a client gets in where one with plain headers does.
    private func outcome(
        _ key: AccessRegions.Key, _ phase: ExchangePhase = .first, tracksDestinations: Bool = false,
        _ evaluate: (RegionEvaluation) -> RegionEvaluation.Outcome
    ) -> RegionEvaluation.Outcome {
        func result(_ circumstances: Circumstances) -> RegionEvaluation.Outcome {
            outcome(key, setting(key, circumstances, phase), tracksDestinations, evaluate)
        }
        let either = result(circumstances)
        guard readsChosenHeaders, phase == .first, either.isUncertain else { return either }
        return either.settled(by: result(circumstances.withPlainHeaders), spaces[key.family])
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
        let isShared =
            setting.phase == .first && !setting.isLeaving && setting.message == nil
            && setting.circumstances.headers == .any
        return RegionEvaluation(
            hooks, key, setting, reader, conditions, rules, budget, isShared ? shared : nil,
            keepsRefusals: keepsRefusals || ties.example != nil, tracksDestinations: tracksDestinations)
    }
}
