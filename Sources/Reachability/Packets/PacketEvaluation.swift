internal import Addressing
public import Rulesets

/// Evaluates rulesets for one packet, as `nft_do_chain` of the kernel does.
///
/// If an expression is not modelled, or tests something that is not known of the packet, both outcomes are followed. If
/// they have the same verdict, it is certain; otherwise the verdict is unknown and names the rule.
public struct PacketEvaluation {
    /// The largest number of outcomes that are followed; the verdict is unknown beyond it.
    private static let maximumForks = 16_384
    /// The largest number of chains on one path: the kernel allows no loop, but a `Table` value may have one.
    private static let maximumEntries = 100_000
    /// A packet that enters more chains does not enter again those that it has left unchanged.
    private static let manyEntries = 256
    /// After more outcomes a path is left where an earlier one has been in the same state.
    private static let manyForks = 32
    /// The largest number of places that are remembered for it.
    private static let mostPassed = 100_000
    /// The largest number of steps on all paths together; the verdict is unknown beyond it.
    private static let maximumSteps = 3_000_000

    /// A chain and the state of a packet that is called with it.
    private struct Call: Hashable {
        let table: Int
        let chain: String
        let hook: Hook
        let state: PacketState
        let isLimited: Bool
    }

    let hooks: Hooks
    let setting: Setting
    let packet: Packet
    private var forks = 0
    private var steps = 0
    /// The fork that the current path has come to.
    private var pending: PacketFork?
    /// The calls that have no effect.
    private var idle: Set<Call> = []
    /// The rules that earlier paths have come to, each in a state of the packet, after the first forks.
    private var passed: Set<PacketWalk.Position> = []

    /// The verdict on a packet.
    ///
    /// - Parameters:
    ///   - packet: the packet.
    ///   - tables: all tables of the ruleset, in the order in which the kernel lists them.
    ///   - circumstances: the time, the host's addresses and the assumption about limits.
    ///   - path: the hooks that the packet passes.
    /// - Returns: the verdict, and the rules that led to it.
    public static func conclude(
        _ packet: Packet, through tables: [Table], in circumstances: Circumstances, path: PacketPath = .arriving
    ) -> PacketConclusion {
        conclude(packet, through: PreparedTables(tables), in: circumstances, path: path)
    }

    /// The verdict on a packet, through tables that many packets pass.
    public static func conclude(
        _ packet: Packet, through tables: PreparedTables, in circumstances: Circumstances, path: PacketPath = .arriving
    ) -> PacketConclusion {
        let conclusion = evaluate(packet, tables, circumstances, path)
        guard case .unknown = conclusion.verdict, !packet.isEstablished else { return conclusion }
        // A client gets in where an ordinary program does: one whose packet with ECN is lost, for one, repeats it without.
        let plain = evaluate(packet, tables, circumstances.withPlainHeaders, path)
        return plain.verdict == .accept ? plain : conclusion
    }

    private static func evaluate(
        _ packet: Packet, _ tables: PreparedTables, _ circumstances: Circumstances, _ path: PacketPath
    ) -> PacketConclusion {
        let conclusions = tables.alternatives.map { hooks in
            var evaluation = PacketEvaluation(packet, hooks, circumstances, path)
            return evaluation.conclusion(path)
        }
        let ties = tables.ties
        guard let example = ties.example else { return conclusions[0] }
        return conclusions[0].combined(with: conclusions, doubtedBy: example, isComplete: ties.isComplete)
    }

    private init(_ packet: Packet, _ hooks: Hooks, _ circumstances: Circumstances, _ path: PacketPath) {
        self.packet = packet
        self.hooks = hooks
        let name = KernelName.bytes(of: packet.interface).prefix(InterfacePattern.maximumLength)
        setting = Setting(
            family: packet.family, transport: packet.transport,
            interface: name + Array(repeating: 0, count: InterfacePattern.maximumLength + 1 - name.count),
            circumstances: circumstances, phase: packet.isEstablished ? .later : .first, source: packet.source,
            user: path == .leaving ? packet.user ?? SocketUser.none : nil, isUntrackedYet: packet.isUntrackedYet,
            isEcho: packet.isEchoRequest)
    }

    private mutating func conclusion(_ path: PacketPath) -> PacketConclusion {
        let hook: Hook = path == .published ? .forward : path == .leaving ? .output : .ingress
        var state = path == .arriving ? PacketState(packet) : path.start
        if packet.isEstablished { state.forgetConnection() }
        let rest = follow(PacketWalk(pending: hooks.entries(hook, setting)[...], hook: hook, state: state))
        let lower =
            path == .published
            ? [] : path == .leaving ? hooks.lowerEgressChains(setting) : hooks.lowerChains(setting)
        guard !lower.isEmpty, rest.verdict != .refuse else { return rest }
        var unsure = rest
        unsure.verdict = .unknown(lower)
        return unsure
    }

    /// Follows the packet through all hooks, on all paths.
    ///
    /// The open forks are a list and not calls of calls: a path may have thousands.
    private mutating func follow(_ start: PacketWalk) -> PacketConclusion {
        var open: [PacketFork] = []
        var walk = start
        while true {
            var conclusion = advance(&walk)
            if var fork = pending {
                pending = nil
                walk = fork.next(forks)
                open.append(fork)
                continue
            }
            while var fork = open.popLast() {
                if let conclusion { fork.add(conclusion) }
                if fork.isOpen {
                    walk = fork.next(forks)
                    open.append(fork)
                    break
                }
                conclusion = fork.conclusion
            }
            guard open.isEmpty else { continue }
            // Without a conclusion every path runs in a circle, which the kernel does not allow.
            return conclusion ?? end(walk, .unknown([place(walk)]), nil)
        }
    }

    /// Follows the packet to the end of a path; `nil` if it forks, or goes on as an earlier path did.
    private mutating func advance(_ walk: inout PacketWalk) -> PacketConclusion? {
        if let (element, destination) = walk.element {
            walk.element = nil
            if let conclusion = go(on: element, destination, &walk) { return conclusion }
        }
        while pending == nil {
            guard let frame = walk.frames.last else {
                guard enterNextChain(&walk) else { return end(walk, .accept, nil) }
                continue
            }
            guard frame.rule < frame.chain.rules.count else {
                if let conclusion = leaveChain(&walk) { return conclusion }
                continue
            }
            if walk.expression == 0, isRepeated(walk) { return nil }
            steps += 1
            guard steps < Self.maximumSteps else {
                var place = place(walk)
                place.isBeyondBudget = true
                return end(walk, .unknown([place]), nil)
            }
            let rule = frame.chain.rules[frame.rule]
            guard walk.expression < rule.expressions.count else {
                walk.endRule()
                continue
            }
            if let conclusion = step(rule.expressions[walk.expression], &walk) { return conclusion }
        }
        return nil
    }

    /// Whether an earlier path has come to the same rule in the same state, and so has had the verdicts of this one already.
    private mutating func isRepeated(_ walk: PacketWalk) -> Bool {
        guard forks > Self.manyForks, passed.count < Self.mostPassed else { return false }
        return !passed.insert(PacketWalk.Position(walk)).inserted
    }

    /// Starts the next base chain; `false` after the last one.
    private func enterNextChain(_ walk: inout PacketWalk) -> Bool {
        while true {
            guard let entry = walk.pending.popFirst() else {
                if walk.hook != .ingress { walk.state.meetConntrack() }
                guard let next = walk.nextHook else { return false }
                walk.hook = next
                walk.pending = hooks.entries(next, setting)[...]
                continue
            }
            if walk.hook != .ingress, entry.base.effectivePriority > Hooks.conntrackPriority {
                walk.state.meetConntrack()
            }
            // A connection is translated once: later nat chains are skipped, as are all of them for later packets, and for
            // packets without a connection (`nf_nat_inet_fn`).
            let isSettled =
                setting.isEstablished || walk.state.tracking == .excluded
                || (walk.hook == .prerouting || walk.hook == .output) && walk.state.isTranslated
                || walk.hook == .input && walk.state.source != nil
            if entry.base.type == "nat" && isSettled { continue }
            walk.frames = [.init(table: entry.table, chain: entry.chain)]
            walk.base = entry.base
            return true
        }
    }

    /// Returns to the calling chain at the end of a chain, or applies the policy at the end of a base chain.
    private mutating func leaveChain(_ walk: inout PacketWalk) -> PacketConclusion? {
        guard walk.frames.count == 1, let base = walk.base, let frame = walk.frames.last else {
            let left = walk.frames.removeLast()
            if let call = call(left.table, left.chain, walk), left.entry == PacketWalk.Entry(walk) { idle.insert(call) }
            return nil
        }
        let place = RuleReference(table: hooks.tables[frame.table].name, chain: frame.chain.name, policy: base.policy)
        walk.trace.append(.init(place: place, action: "policy \(base.policy)"))
        guard base.policy == .accept else { return end(walk, .refuse, place) }
        walk.endBaseChain()
        return nil
    }

    func end(_ walk: PacketWalk, _ verdict: PacketVerdict, _ place: RuleReference?) -> PacketConclusion {
        PacketConclusion(
            verdict: verdict, trace: walk.trace, decision: place ?? walk.lastDecision, isLimited: walk.isLimited,
            redirection: walk.redirection, isForwarded: walk.state.isForwarded, target: walk.state.target)
    }

    /// The current rule.
    func place(_ walk: PacketWalk) -> RuleReference {
        guard let frame = walk.frames.last else { preconditionFailure("a rule runs in a chain") }
        let rule = frame.rule < frame.chain.rules.count ? frame.chain.rules[frame.rule] : nil
        return RuleReference(
            table: hooks.tables[frame.table].name, chain: frame.chain.name, index: frame.rule, rule: rule)
    }

    /// Lets all `walks` from one rule be followed; returns a conclusion if they are too many.
    mutating func fork(_ walks: [PacketWalk], at place: RuleReference) -> PacketConclusion? {
        forks += walks.count
        guard !walks.isEmpty, forks <= Self.maximumForks else {
            return PacketConclusion(
                verdict: .unknown([place]), trace: walks.first?.trace ?? [], isLimited: false, isForwarded: false)
        }
        pending = PacketFork(walks, at: place)
        return nil
    }

    /// Enters a chain by a jump (`returns`) or a goto.
    mutating func enter(_ name: String, _ walk: inout PacketWalk, returns: Bool) -> PacketConclusion? {
        guard let frame = walk.frames.last, let chain = hooks.tables[frame.table].chain(name),
            walk.entries < Self.maximumEntries
        else { return end(walk, .unknown([place(walk)]), nil) }
        let table = frame.table
        walk.entries += 1
        walk.endRule()
        if !returns {
            walk.frames.removeLast()
            // After a goto from a base chain, the end of the chain is the end of the base chain: its policy applies.
            if walk.frames.isEmpty { walk.frames = [.init(table: table, chain: frame.chain, rule: .max)] }
        }
        if returns, let call = call(table, chain, walk), idle.contains(call) { return nil }
        walk.frames.append(.init(table: table, chain: chain, entry: .init(walk)))
        return nil
    }

    /// The call of a chain; `nil` for packets that have entered few chains.
    private func call(_ table: Int, _ chain: Chain, _ walk: PacketWalk) -> Call? {
        guard walk.entries > Self.manyEntries else { return nil }
        return Call(
            table: table, chain: chain.name, hook: walk.hook, state: walk.state, isLimited: walk.isLimited)
    }
}

extension PacketConclusion {
    /// The conclusion if it is not known which of several orders of chains is the true one.
    fileprivate func combined(
        with others: [Self], doubtedBy place: RuleReference, isComplete: Bool
    ) -> Self {
        guard !isComplete || others.contains(where: { $0.verdict != verdict }) else { return self }
        var unsure = self
        unsure.verdict = .unknown([place])
        unsure.decision = nil
        return unsure
    }
}

extension PacketState {
    /// The state of an arriving packet.
    fileprivate init(_ packet: Packet) {
        self.init()
        let length = packet.family == .ipv4 ? 4 : 16
        destination = packet.destination.map { [SymbolicByte](constants: $0.bigEndianBytes.suffix(length)) }
        dialled = destination
    }
}

extension PacketWalk {
    /// The next hook; `nil` after the last one.
    fileprivate var nextHook: Hook? {
        switch hook {
        case .ingress: .prerouting
        case .prerouting: state.isForwarded ? .forward : .input
        case .forward, .output: .postrouting
        case .postrouting: .egress
        default: nil
        }
    }

    /// The rule that accepted the packet last.
    fileprivate var lastDecision: RuleReference? {
        trace.last { $0.action == "accept" }?.place ?? trace.last?.place
    }
}
