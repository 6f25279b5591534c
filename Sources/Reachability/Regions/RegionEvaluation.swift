internal import Addressing
internal import Rulesets

/// Evaluates rulesets for all packets of one family, protocol and interface at once.
///
/// A piece is a set of packets in the same state. Comparisons and look-ups split pieces. A part whose match is uncertain
/// continues on both sides, with the number of the rule as a doubt.
final class RegionEvaluation {
    /// The result of an evaluation.
    struct Outcome {
        /// The packets that pass all hooks.
        var accepted: [Piece] = []
        /// The packets that are refused, each piece with the number of the rule or policy that refuses it.
        var refused: [(piece: Piece, place: Int)] = []
        /// The packets whose verdict is unknown.
        var unknown: [Piece] = []
        /// The packets that are redirected: each piece as it was before, the number of the rule that redirects it, and
        /// its state then.
        var redirected: [(piece: Piece, place: Int, state: PacketState)] = []
        /// The numbers of rules in prerouting that are not modelled, and may redirect.
        var unread: Set<Int> = []
        /// The ports of packets whose destination a rule reads; the result for all others does not depend on it.
        var destinationPorts: [ClosedRange<UInt16>] = []
    }

    let hooks: Hooks
    let setting: Setting
    let space: SourceSpace
    let conditions: Conditions
    let reader: SetReader
    let rules: RuleNumbers
    /// Whether to keep certain refusals; otherwise they are implied by the other results.
    let keepsRefusals: Bool
    var outcome = Outcome()
    /// Whether to record `destinationPorts`: if the destinations are one of several classes.
    let tracksDestinations: Bool
    /// The current hook.
    var hook = Hook.prerouting
    private var steps = 0

    /// The largest number of steps, far above the need of any real ruleset; the verdict is unknown beyond it.
    private static let maximumSteps = 30_000_000
    /// `NFT_JUMP_STACK_SIZE` of the kernel's `include/net/netfilter/nf_tables.h`.
    private static let maximumDepth = 16

    init(
        _ hooks: Hooks, _ setting: Setting, _ reader: SetReader, _ conditions: Conditions, _ rules: RuleNumbers,
        keepsRefusals: Bool
    ) {
        self.hooks = hooks
        self.setting = setting
        self.reader = reader
        self.conditions = conditions
        self.rules = rules
        self.keepsRefusals = keepsRefusals
        space = conditions.space
        tracksDestinations = setting.isOfOneDestinationClass
    }

    /// The result for all packets to these ports.
    func evaluate(_ path: PacketPath, to ports: IntervalSet<UInt16> = .all) -> Outcome {
        guard !ports.isEmpty else { return outcome }
        var pieces = [Piece(ports: ports, sources: space.all, state: path.start)]
        if path != .published {
            for chain in hooks.lowerChains(setting) { pieces = passBelow(chain, pieces) }
            pieces = pass(.prerouting, pieces).map { $0.afterConntrack() }
            outcome.accepted = pass(.input, pieces.filter { !$0.state.isForwarded })
        }
        let forwarded = pass(.forward, pieces.filter(\.state.isForwarded))
        outcome.accepted += pass(.postrouting, forwarded)
        return outcome
    }

    /// The pieces after a chain before the IP layer, which may drop any of them.
    private func passBelow(_ chain: RuleReference, _ pieces: [Piece]) -> [Piece] {
        let place = rules.number(chain)
        let doubted = pieces.map { $0.doubted(by: place) }
        for piece in doubted { refuse(piece, place) }
        return doubted
    }

    /// The pieces that pass a hook.
    private func pass(_ hook: Hook, _ start: [Piece]) -> [Piece] {
        self.hook = hook
        var pieces = start
        for entry in hooks.entries(hook, setting) where !pieces.isEmpty {
            if entry.base.effectivePriority > Hooks.conntrackPriority { pieces = pieces.map { $0.afterConntrack() } }
            // A connection is translated once: later nat chains are skipped, as they are for packets without a connection.
            let isSettled = { (piece: Piece) in
                entry.base.type == "nat"
                    && (piece.state.tracking == .excluded || hook == .prerouting && piece.state.isTranslated)
            }
            let skipped = pieces.filter(isSettled)
            let entering = skipped.isEmpty ? pieces : pieces.filter { !isSettled($0) }
            pieces = Piece.fused(skipped + through(entry, entering))
        }
        return pieces
    }

    private func through(_ entry: Hooks.Entry, _ pieces: [Piece]) -> [Piece] {
        let result = run(entry.chain, table: entry.table, pieces, depth: 1)
        guard entry.base.policy == .drop else { return result.accepted + result.returned }
        let place = rules.number(
            RuleReference(table: hooks.tables[entry.table].name, chain: entry.chain.name, policy: .drop))
        for piece in result.returned { refuse(piece, place) }
        return result.accepted
    }

    /// Runs a chain; returns the pieces that are accepted in this base chain, and those that return from the chain.
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

    /// Records that a rule reads the destination of a piece.
    func track(_ piece: Piece) { outcome.destinationPorts += piece.ports.ranges }

    /// Records that a piece is refused by the rule or policy with this number.
    func refuse(_ piece: Piece, _ place: Int) {
        if keepsRefusals || !piece.doubts.isEmpty { outcome.refused.append((piece, place)) }
    }

    /// Records that the verdict on a piece is unknown because of the rule.
    func doubt(_ piece: Piece, _ scope: RuleScope) {
        let place = number(scope)
        outcome.unknown.append(piece.doubted(by: place))
        if hook == .prerouting { outcome.unread.insert(place) }
    }

    /// The number of a rule.
    func number(_ scope: RuleScope) -> Int {
        rules.number(
            RuleReference(
                table: hooks.tables[scope.table].name, chain: scope.chain.name, index: scope.rule,
                rule: scope.chain.rules[scope.rule]))
    }
}

/// The rule under evaluation.
struct RuleScope {
    let table: Int
    let chain: Chain
    let rule: Int
    let depth: Int
}

/// Numbers for the rules, policies and chains that decide or make a verdict unknown.
final class RuleNumbers {
    private struct Key: Hashable {
        let table: TableName
        let chain: String
        let index: Int?
    }

    private var numbers: [Key: Int] = [:]
    private(set) var all: [RuleReference] = []

    /// The number of a rule, a policy or a chain.
    func number(_ place: RuleReference) -> Int {
        let key = Key(table: place.table, chain: place.chain, index: place.index)
        if let known = numbers[key] { return known }
        numbers[key] = all.count
        all.append(place)
        return all.count - 1
    }
}

extension Piece {
    /// The piece after conntrack.
    fileprivate func afterConntrack() -> Piece {
        guard state.tracking == .before else { return self }
        var piece = self
        piece.state.tracking = .new
        return piece
    }

    private struct SourcesAndState: Hashable {
        let sources: SourceSpace.ID
        let state: PacketState
    }

    /// The pieces with uncertain ones merged, so that uncertain rules do not double their number.
    ///
    /// The union of uncertain pieces has all packets that may get here; it loses which doubts belong together.
    fileprivate static func gathered(_ pieces: [Piece], _ space: SourceSpace) -> [Piece] {
        let doubted = pieces.filter { !$0.doubts.isEmpty }
        guard doubted.count > 1 else { return pieces }
        var bySources: [SourcesAndState: Piece] = [:]
        for piece in doubted {
            bySources[SourcesAndState(sources: piece.sources, state: piece.state), default: piece].absorb(ports: piece)
        }
        var byPorts: [Piece] = []
        for piece in bySources.values.sorted(by: { $0.sources < $1.sources }) {
            if let index = byPorts.firstIndex(where: { $0.ports == piece.ports && $0.state == piece.state }) {
                byPorts[index].sources = space.union(byPorts[index].sources, piece.sources)
                byPorts[index].absorb(ports: piece)
            } else {
                byPorts.append(piece)
            }
        }
        return pieces.filter(\.doubts.isEmpty) + byPorts
    }

    /// Adds the ports and the doubts of another piece.
    private mutating func absorb(ports other: Piece) {
        ports = ports.union(other.ports)
        doubts = Set(doubts + other.doubts).sorted()
    }

    private struct AllButPorts: Hashable {
        let sources: SourceSpace.ID
        let state: PacketState
        let doubts: [Int]
    }

    /// The pieces with those merged that differ only in ports.
    fileprivate static func fused(_ pieces: [Piece]) -> [Piece] {
        guard pieces.count > 1 else { return pieces }
        var ports: [AllButPorts: [ClosedRange<UInt16>]] = [:]
        var order: [AllButPorts] = []
        for piece in pieces {
            let rest = AllButPorts(sources: piece.sources, state: piece.state, doubts: piece.doubts)
            if ports[rest] == nil { order.append(rest) }
            ports[rest, default: []] += piece.ports.ranges
        }
        return order.map { rest in
            Piece(ports: IntervalSet(ports[rest] ?? []), sources: rest.sources, state: rest.state, doubts: rest.doubts)
        }
    }
}
