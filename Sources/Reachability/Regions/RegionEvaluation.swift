internal import Addressing
internal import Rulesets

/// Evaluates rulesets for all packets of one family, protocol and interface at once.
///
/// A piece is a set of packets that have met the same fate so far. Every comparison and look-up splits pieces; what
/// may or may not match goes both ways, and carries the rule's number as a doubt from there on.
final class RegionEvaluation {
    /// What the packets come to.
    struct Outcome {
        /// Those that get through.
        var accepted: [Piece] = []
        /// Those that are dropped, each with the number of the place that drops it.
        var refused: [(piece: Piece, place: Int)] = []
        /// Those of which it is not known.
        var unknown: [Piece] = []
        /// Those that are redirected, each with the number of the rule that does so.
        var redirected: [(piece: Piece, place: Int)] = []
        /// The numbers of rules after which it is not known what would have been redirected.
        var unread: Set<Int> = []
    }

    let hooks: Hooks
    let setting: Setting
    let space: SourceSpace
    let conditions: Conditions
    let reader: SetReader
    let places: Places
    /// Whether drops are kept that are certain; otherwise they are what is left.
    let keepsRefusals: Bool
    var outcome = Outcome()
    /// Where the evaluation is.
    var hook = Hook.prerouting
    private var steps = 0

    /// Steps after which everything further is unknown: far more than any ruleset of people has.
    private static let maximumSteps = 30_000_000
    /// `NFT_JUMP_STACK_SIZE` of `net/netfilter/nf_tables.h`.
    private static let maximumDepth = 16

    init(
        _ hooks: Hooks, _ setting: Setting, _ reader: SetReader, _ conditions: Conditions, _ places: Places,
        keepsRefusals: Bool
    ) {
        self.hooks = hooks
        self.setting = setting
        self.reader = reader
        self.conditions = conditions
        self.places = places
        self.keepsRefusals = keepsRefusals
        space = conditions.space
    }

    /// What becomes of every packet.
    func evaluate(_ path: PacketPath) -> Outcome {
        var pieces = [
            Piece(ports: IntervalSet(0...UInt16.max), sources: space.all, way: path == .arriving ? Way() : .published)
        ]
        if path == .arriving {
            for chain in hooks.lowerChains(setting) { pieces = passBelow(chain, pieces) }
            pieces = pass(.prerouting, pieces).map { $0.afterConntrack() }
            outcome.accepted = pass(.input, pieces.filter { !$0.way.isForwarded })
        }
        let forwarded = pass(.forward, pieces.filter(\.way.isForwarded))
        outcome.accepted += pass(.postrouting, forwarded)
        return outcome
    }

    /// A chain before the IP layer may drop anything.
    private func passBelow(_ chain: RuleReference, _ pieces: [Piece]) -> [Piece] {
        let place = places.number(chain)
        let doubted = pieces.map { $0.doubted(by: place) }
        for piece in doubted { refuse(piece, place) }
        return doubted
    }

    /// The pieces that get through a hook.
    private func pass(_ hook: Hook, _ start: [Piece]) -> [Piece] {
        self.hook = hook
        var pieces = start
        for entry in hooks.entries(hook, setting) where !pieces.isEmpty {
            if entry.base.priority > Hooks.conntrackPriority { pieces = pieces.map { $0.afterConntrack() } }
            // One translation a connection: later chains of NAT are not asked.
            let skips = entry.base.type == "nat" && hook == .prerouting
            let skipped = skips ? pieces.filter(\.way.isTranslated) : []
            let entering = skips ? pieces.filter { !$0.way.isTranslated } : pieces
            pieces = Piece.fused(skipped + through(entry, entering))
        }
        return pieces
    }

    private func through(_ entry: Hooks.Entry, _ pieces: [Piece]) -> [Piece] {
        let result = run(entry.chain, table: entry.table, pieces, depth: 1)
        guard entry.base.policy == .drop else { return result.accepted + result.returned }
        let place = places.number(
            RuleReference(table: hooks.tables[entry.table].name, chain: entry.chain.name, policy: .drop))
        for piece in result.returned { refuse(piece, place) }
        return result.accepted
    }

    /// Runs a chain: who is accepted for this base chain, and who comes back from it.
    func run(
        _ chain: Chain, table: Int, _ start: [Piece], depth: Int
    ) -> (accepted: [Piece], returned: [Piece]) {
        var pieces = start
        var accepted: [Piece] = []
        var returned: [Piece] = []
        for index in chain.rules.indices where !pieces.isEmpty {
            let scope = RuleScope(table: table, chain: chain, rule: index, depth: depth)
            var next: [Piece] = []
            for piece in pieces {
                steps += 1
                guard steps < Self.maximumSteps, depth <= Self.maximumDepth else {
                    doubt(piece, scope)
                    continue
                }
                let result = evaluate(scope, piece)
                next += result.next
                accepted += result.accepted
                returned += result.returned
            }
            pieces = next.count > 1 ? Piece.gathered(next, space) : next
        }
        return (Piece.gathered(accepted, space), Piece.gathered(returned + pieces, space))
    }

    /// Drops a piece at a place.
    func refuse(_ piece: Piece, _ place: Int) {
        if keepsRefusals || !piece.doubts.isEmpty { outcome.refused.append((piece, place)) }
    }

    /// Gives a piece up as unknown because of the rule.
    func doubt(_ piece: Piece, _ scope: RuleScope) {
        let place = number(scope)
        outcome.unknown.append(piece.doubted(by: place))
        if hook == .prerouting { outcome.unread.insert(place) }
    }

    /// The number of a rule.
    func number(_ scope: RuleScope) -> Int {
        places.number(
            RuleReference(
                table: hooks.tables[scope.table].name, chain: scope.chain.name, index: scope.rule,
                rule: scope.chain.rules[scope.rule]))
    }
}

/// A rule that is being run.
struct RuleScope {
    let table: Int
    let chain: Chain
    let rule: Int
    let depth: Int
}

/// The places of rulesets that decide or keep from knowing, each with a number.
final class Places {
    private struct Key: Hashable {
        let table: TableName
        let chain: String
        let index: Int?
    }

    private var numbers: [Key: Int] = [:]
    private(set) var all: [RuleReference] = []

    /// The number of a place.
    func number(_ place: RuleReference) -> Int {
        let key = Key(table: place.table, chain: place.chain, index: place.index)
        if let known = numbers[key] { return known }
        numbers[key] = all.count
        all.append(place)
        return all.count - 1
    }
}

extension Piece {
    /// The same after conntrack has seen it.
    fileprivate func afterConntrack() -> Piece {
        guard way.tracking == .before else { return self }
        var piece = self
        piece.way.tracking = .new
        return piece
    }

    private struct Place: Hashable {
        let sources: SourceSpace.ID
        let way: Way
    }

    /// With those in doubt fused, so that each doubt on the way does not double their number.
    ///
    /// Pieces in doubt are what may have come here: their union is just that, and forgets which doubts go together.
    fileprivate static func gathered(_ pieces: [Piece], _ space: SourceSpace) -> [Piece] {
        let doubted = pieces.filter { !$0.doubts.isEmpty }
        guard doubted.count > 1 else { return pieces }
        var bySources: [Place: Piece] = [:]
        for piece in doubted {
            bySources[Place(sources: piece.sources, way: piece.way), default: piece].absorb(ports: piece)
        }
        var byPorts: [Piece] = []
        for piece in bySources.values.sorted(by: { $0.sources < $1.sources }) {
            if let index = byPorts.firstIndex(where: { $0.ports == piece.ports && $0.way == piece.way }) {
                byPorts[index].sources = space.union(byPorts[index].sources, piece.sources)
                byPorts[index].absorb(ports: piece)
            } else {
                byPorts.append(piece)
            }
        }
        return pieces.filter(\.doubts.isEmpty) + byPorts
    }

    /// Takes the ports and the doubts of another piece, too.
    private mutating func absorb(ports other: Piece) {
        ports = ports.union(other.ports)
        doubts = Set(doubts + other.doubts).sorted()
    }

    private struct Fate: Hashable {
        let sources: SourceSpace.ID
        let way: Way
        let doubts: [Int]
    }

    /// Pieces of the same sources and the same fate as one.
    fileprivate static func fused(_ pieces: [Piece]) -> [Piece] {
        guard pieces.count > 1 else { return pieces }
        var ports: [Fate: [ClosedRange<UInt16>]] = [:]
        var order: [Fate] = []
        for piece in pieces {
            let fate = Fate(sources: piece.sources, way: piece.way, doubts: piece.doubts)
            if ports[fate] == nil { order.append(fate) }
            ports[fate, default: []] += piece.ports.ranges
        }
        return order.map { fate in
            Piece(ports: IntervalSet(ports[fate] ?? []), sources: fate.sources, way: fate.way, doubts: fate.doubts)
        }
    }
}
