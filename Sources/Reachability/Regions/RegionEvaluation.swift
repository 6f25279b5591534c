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
        /// The tests of the destination, where they are recorded.
        var destinationTests = DestinationTests()
        /// The number of a rule of the chain that pieces met most often: the reason where the result is too large.
        var excess: Int?
    }

    /// A chain and the pieces that it is called with.
    private struct Call: Hashable {
        let table: Int
        let chain: String
        let hook: Hook
        let depth: Int
        let pieces: [Piece]
    }

    /// The pieces that a chain accepts in the base chain, and those that return from it.
    typealias ChainResult = (accepted: [Piece], returned: [Piece])

    /// A rule of the chain whose rules pieces met most often.
    typealias Busiest = (meetings: Int, scope: RuleScope)

    /// The class of the packets.
    let key: AccessRegions.Key

    let hooks: Hooks
    let setting: Setting
    let space: SourceSpace
    let conditions: Conditions
    let reader: SetReader
    let rules: RuleNumbers
    /// Whether to keep certain refusals; otherwise they are implied by the other results.
    let keepsRefusals: Bool
    var outcome = Outcome()
    /// Whether to record the tests of the destination.
    let tracksDestinations: Bool
    /// The current hook.
    var hook = Hook.prerouting
    let budget: WorkBudget
    /// The passages that another ruleset has in common with this one; `nil` for none.
    let shared: SharedChains?
    /// The results of chains that rules call: the kernel may call one for each way through a tree of jumps.
    private var calls: [Call: ChainResult] = [:]
    /// The number of pieces in `calls`.
    private var callSize = 0
    var busiest: Busiest?

    /// The largest number of pieces in `calls`; more calls are evaluated each time.
    private static let maximumCallSize = 100_000
    /// `NFT_JUMP_STACK_SIZE` of the kernel's `include/net/netfilter/nf_tables.h`.
    private static let maximumDepth = 16

    init(
        _ hooks: Hooks, _ key: AccessRegions.Key, _ setting: Setting, _ reader: SetReader, _ conditions: Conditions,
        _ rules: RuleNumbers, _ budget: WorkBudget, _ shared: SharedChains?, keepsRefusals: Bool,
        tracksDestinations: Bool
    ) {
        self.hooks = hooks
        self.key = key
        self.shared = shared
        self.setting = setting
        self.reader = reader
        self.conditions = conditions
        self.rules = rules
        self.budget = budget
        self.keepsRefusals = keepsRefusals
        self.tracksDestinations = tracksDestinations
        space = conditions.space
    }

    /// The result for all packets to these ports.
    func evaluate(_ path: PacketPath, to ports: IntervalSet<UInt16> = .all) -> Outcome {
        evaluate(path, of: ports.isEmpty ? [] : [Box(ports: ports, sources: space.all)])
    }

    /// The result for all packets in these disjoint boxes.
    func evaluate(_ path: PacketPath, of boxes: [Box]) -> Outcome {
        guard !boxes.isEmpty else { return outcome }
        guard path != .leaving else { return evaluateLeaving(boxes) }
        var pieces = pieces(boxes, path.start)
        if path != .published {
            for chain in hooks.lowerChains(setting) { pieces = passBelow(chain, pieces) }
            pieces = pass(.prerouting, pass(.ingress, pieces)).afterConntrack()
            outcome.accepted = pass(.input, pieces.filter { !$0.state.isForwarded })
        }
        let forwarded = pass(.forward, pieces.filter(\.state.isForwarded))
        outcome.accepted += pass(.postrouting, forwarded)
        finish()
        return outcome
    }

    /// The result for the packets of this host to the far ends in these disjoint boxes.
    private func evaluateLeaving(_ boxes: [Box]) -> Outcome {
        depart(pass(.postrouting, pass(.output, pieces(boxes, PacketPath.leaving.start)).afterConntrack()))
        return outcome
    }

    /// Records where the work was, in case that the result is too large.
    func finish() { outcome.excess = busiest.map { number($0.scope, isBeyondBudget: true) } }

    func pieces(_ boxes: [Box], _ state: PacketState) -> [Piece] {
        let shared = SharedState(state)
        return boxes.map { Piece(ports: $0.ports ?? .all, sources: $0.sources ?? space.all, shared: shared) }
    }

    /// The pieces after a chain before the IP layer, which may drop any of them.
    func passBelow(_ chain: RuleReference, _ pieces: [Piece]) -> [Piece] {
        let place = rules.number(chain)
        let doubted = pieces.map { $0.doubted(by: place) }
        refuse(doubted, place)
        return doubted
    }

    /// The pieces that pass a hook.
    func pass(_ hook: Hook, _ start: [Piece]) -> [Piece] {
        self.hook = hook
        var pieces = start
        for entry in hooks.entries(hook, setting) where !pieces.isEmpty {
            // They see only the first packet of a connection.
            if setting.isEstablished, entry.base.type == "nat" { continue }
            if hook != .ingress, entry.base.effectivePriority > Hooks.conntrackPriority {
                pieces = pieces.afterConntrack()
            }
            // A connection is translated once: later nat chains are skipped, as they are for packets without a connection.
            let isSettled = { (piece: Piece) in
                entry.base.type == "nat"
                    && (piece.state.tracking == .excluded
                        || (hook == .prerouting || hook == .output) && piece.state.isTranslated
                        || hook == .input && piece.state.source != nil)
            }
            let skipped = pieces.filter(isSettled)
            let entering = skipped.isEmpty ? pieces : pieces.filter { !isSettled($0) }
            pieces = Piece.fused(skipped + through(entry, entering), space)
        }
        return pieces
    }

    private func through(_ entry: Hooks.Entry, _ pieces: [Piece]) -> [Piece] {
        let result = run(entry, pieces)
        guard entry.base.policy == .drop else { return result.accepted + result.returned }
        let place = rules.number(
            RuleReference(table: hooks.tables[entry.table].name, chain: entry.chain.name, policy: .drop))
        refuse(result.returned, place)
        return result.accepted
    }

    /// Runs a chain; returns the pieces that are accepted in this base chain, and those that return from the chain.
    ///
    /// The chain is run once for the same pieces: what it does beside the result is the same, and recorded already.
    func run(_ chain: Chain, table: Int, _ start: [Piece], depth: Int) -> ChainResult {
        guard depth > 1 else { return walk(chain, table: table, start, depth: depth) }
        let call = Call(table: table, chain: chain.name, hook: hook, depth: depth, pieces: start.canonical)
        if let known = calls[call] { return known }
        var result = walk(chain, table: table, call.pieces, depth: depth)
        // What a rule has split and a chain left alone is one piece again.
        result.returned = Piece.fused(result.returned, space)
        let size = 1 + start.count + result.accepted.count + result.returned.count
        if callSize + size <= Self.maximumCallSize {
            callSize += size
            calls[call] = result
        }
        return result
    }

    /// Lets each chain be evaluated again.
    func forgetCalls() { (calls, callSize) = ([:], 0) }

    /// Takes the pieces from one rule that may match to the next.
    private func walk(_ chain: Chain, table: Int, _ start: [Piece], depth: Int) -> ChainResult {
        let order = hooks.orders.order(of: chain, table, in: hooks.tables[table].name.family, setting)
        var agenda = Agenda()
        var result: ChainResult = ([], [])
        func schedule(_ pieces: [Piece], from position: Int) {
            for piece in pieces {
                if let next = order.next(from: position, Extent(piece, setting, space)) {
                    agenda.add(piece, at: next)
                } else {
                    result.returned.append(piece)
                }
            }
        }
        schedule(start, from: 0)
        var meetings = 0
        while let (position, waiting) = agenda.next() {
            let scope = RuleScope(table: table, chain: chain, rule: order.rules[position], depth: depth)
            meetings += waiting.count
            if meetings > busiest?.meetings ?? 0 { busiest = (meetings, scope) }
            let isWhole = setting.isSent || order.readsTarget(position)
            for pieces in Piece.gathered(waiting, space).byState(isWhole: isWhole) {
                spend(pieces.count)
                guard budget.isLeft, depth <= Self.maximumDepth else {
                    doubt(pieces, scope)
                    continue
                }
                let (inside, outside) = order.cut(pieces, at: position, setting, space)
                schedule(outside, from: position + 1)
                guard !inside.isEmpty else { continue }
                let exact = setting.isSent ? nil : order.exactRule(position, space)
                let found = evaluate(scope, inside, exact)
                schedule(found.next, from: position + 1)
                result.accepted += found.accepted
                result.returned += found.returned
            }
        }
        return (Piece.gathered(result.accepted, space), Piece.gathered(result.returned, space))
    }

    /// Takes steps from the budget.
    func spend(_ steps: Int) { budget.spend(steps) }

    /// Records that pieces are refused by the rule or policy with this number.
    func refuse(_ pieces: [Piece], _ place: Int) {
        for piece in pieces where keepsRefusals || !piece.doubts.isEmpty { outcome.refused.append((piece, place)) }
    }

    /// Records that the verdict on pieces is unknown because of the rule.
    func doubt(_ pieces: [Piece], _ scope: RuleScope) {
        let place = number(scope)
        for var piece in pieces {
            if piece.doubts.count >= Piece.mostDoubts { piece.doubts = [place] }
            outcome.unknown.append(piece.doubted(by: place))
        }
        if hook == .prerouting { outcome.unread.insert(place) }
    }

    /// The number of a rule.
    func number(_ scope: RuleScope) -> Int { number(scope, isBeyondBudget: !budget.isLeft) }

    private func number(_ scope: RuleScope, isBeyondBudget: Bool) -> Int {
        rules.number(
            RuleReference(
                table: hooks.tables[scope.table].name, chain: scope.chain.name, index: scope.rule,
                rule: scope.chain.rules[scope.rule], isBeyondBudget: isBeyondBudget))
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
        let isBeyondBudget: Bool
        let isOfUnknownOrder: Bool
    }

    private var numbers: [Key: Int] = [:]
    private(set) var all: [RuleReference] = []

    /// The number of a rule, a policy or a chain.
    func number(_ place: RuleReference) -> Int {
        let key = Key(
            table: place.table, chain: place.chain, index: place.index, isBeyondBudget: place.isBeyondBudget,
            isOfUnknownOrder: place.isOfUnknownOrder)
        if let known = numbers[key] { return known }
        numbers[key] = all.count
        all.append(place)
        return all.count - 1
    }
}
