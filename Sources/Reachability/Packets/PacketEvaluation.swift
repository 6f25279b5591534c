internal import Addressing
public import Rulesets

/// Evaluates rulesets for one packet, as the kernel's `nft_do_chain` does.
///
/// Where an expression is not modelled, or asks for what the packet leaves open, both ways are followed: if they end
/// alike the verdict is certain all the same, else it is unknown and the rule named.
public struct PacketEvaluation {
    /// How many ways are followed before everything further is unknown.
    private static let maximumForks = 4096
    /// How many chains one way may enter: the kernel allows no loop, but a value may hold one.
    private static let maximumEntries = 100_000

    let hooks: Hooks
    let setting: Setting
    let packet: Packet
    private var forks = 0

    /// What becomes of a packet.
    ///
    /// - Parameters:
    ///   - packet: the packet.
    ///   - tables: every table of the ruleset, in the order in which the kernel lists them.
    ///   - circumstances: the time, and what is taken of limits.
    ///   - path: which of its ways is followed.
    /// - Returns: the verdict, and the rules that led to it.
    public static func conclude(
        _ packet: Packet, through tables: [Table], in circumstances: Circumstances, path: PacketPath = .arriving
    ) -> PacketConclusion {
        var evaluation = PacketEvaluation(packet, Hooks(tables: tables), circumstances)
        return evaluation.conclusion(path)
    }

    private init(_ packet: Packet, _ hooks: Hooks, _ circumstances: Circumstances) {
        self.packet = packet
        self.hooks = hooks
        let name = packet.interface.utf8.map(\.self)[
            ..<min(packet.interface.utf8.count, InterfacePattern.maximumLength)]
        setting = Setting(
            family: packet.family, transport: packet.transport,
            interface: name + Array(repeating: 0, count: InterfacePattern.maximumLength + 1 - name.count),
            circumstances: circumstances, isEstablished: packet.isEstablished)
    }

    private mutating func conclusion(_ path: PacketPath) -> PacketConclusion {
        let hook: Hook = path == .arriving ? .prerouting : .forward
        let rest = follow(
            PacketWalk(
                pending: hooks.entries(hook, setting)[...], hook: hook,
                way: path == .arriving ? Way(packet) : .published))
        let lower = path == .arriving ? hooks.lowerChains(setting) : []
        guard !lower.isEmpty, rest.verdict != .refuse else { return rest }
        var unsure = rest
        unsure.verdict = .unknown(lower)
        return unsure
    }

    /// Follows the packet to the end of its way.
    private mutating func follow(_ start: PacketWalk) -> PacketConclusion {
        var walk = start
        if let (element, destination) = walk.element {
            walk.element = nil
            if let conclusion = go(on: element, destination, &walk) { return conclusion }
        }
        while true {
            guard let frame = walk.frames.last else {
                guard enterNextChain(&walk) else { return end(walk, .accept, nil) }
                continue
            }
            guard frame.rule < frame.chain.rules.count else {
                if let conclusion = leaveChain(&walk) { return conclusion }
                continue
            }
            let rule = frame.chain.rules[frame.rule]
            guard walk.expression < rule.expressions.count else {
                walk.endRule()
                continue
            }
            if let conclusion = step(rule.expressions[walk.expression], &walk) { return conclusion }
        }
    }

    /// Starts the next base chain; `false` when the packet is through.
    private func enterNextChain(_ walk: inout PacketWalk) -> Bool {
        while true {
            guard let entry = walk.pending.popFirst() else {
                walk.meetConntrack()
                guard let next = walk.nextHook else { return false }
                walk.hook = next
                walk.pending = hooks.entries(next, setting)[...]
                continue
            }
            if entry.base.priority > Hooks.conntrackPriority { walk.meetConntrack() }
            // One translation a connection: later chains of NAT are not asked, nor for later packets.
            let isSettled = setting.isEstablished || walk.hook == .prerouting && walk.way.isTranslated
            if entry.base.type == "nat" && isSettled { continue }
            walk.frames = [.init(table: entry.table, chain: entry.chain)]
            walk.base = entry.base
            return true
        }
    }

    /// Goes back to the caller at the end of a chain, or applies the policy at the end of a base chain.
    private func leaveChain(_ walk: inout PacketWalk) -> PacketConclusion? {
        guard walk.frames.count == 1, let base = walk.base, let frame = walk.frames.last else {
            walk.frames.removeLast()
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
            redirection: walk.redirection, isForwarded: walk.way.isForwarded)
    }

    /// The rule that the walk is in.
    func place(_ walk: PacketWalk) -> RuleReference {
        guard let frame = walk.frames.last else { preconditionFailure("a rule runs in a chain") }
        let rule = frame.rule < frame.chain.rules.count ? frame.chain.rules[frame.rule] : nil
        return RuleReference(
            table: hooks.tables[frame.table].name, chain: frame.chain.name, index: frame.rule, rule: rule)
    }

    /// Follows several ways from one rule.
    mutating func fork(_ walks: [PacketWalk], at place: RuleReference) -> PacketConclusion {
        forks += walks.count
        guard let first = walks.first, forks <= Self.maximumForks else {
            return PacketConclusion(
                verdict: .unknown([place]), trace: walks.first?.trace ?? [], isLimited: false, isForwarded: false)
        }
        var result = follow(first)
        for walk in walks.dropFirst() where result.verdict.doubts.isEmpty {
            let other = follow(walk)
            guard other.verdict != result.verdict else { continue }
            result.verdict = .unknown([place] + other.verdict.doubts.filter { $0 != place })
        }
        if case .unknown = result.verdict { result.decision = nil }
        return result
    }

    /// Calls a chain, or goes to it.
    mutating func enter(_ name: String, _ walk: inout PacketWalk, returns: Bool) -> PacketConclusion? {
        guard let frame = walk.frames.last, let chain = hooks.tables[frame.table].chain(name),
            walk.entries < Self.maximumEntries
        else { return end(walk, .unknown([place(walk)]), nil) }
        let table = frame.table
        walk.entries += 1
        walk.endRule()
        if !returns {
            walk.frames.removeLast()
            // The end of a chain that was gone to from a base chain is the end of that: its policy applies.
            if walk.frames.isEmpty { walk.frames = [.init(table: table, chain: frame.chain, rule: .max)] }
        }
        walk.frames.append(.init(table: table, chain: chain))
        return nil
    }
}

extension PacketVerdict {
    /// The rules that keep from knowing.
    fileprivate var doubts: [RuleReference] {
        guard case .unknown(let places) = self else { return [] }
        return places
    }
}

extension Way {
    /// The way of a packet that arrives.
    fileprivate init(_ packet: Packet) {
        self.init()
        let length = packet.family == .ipv4 ? 4 : 16
        destination = packet.destination.map { [Octet](constants: $0.bigEndianBytes.suffix(length)) }
    }
}

extension PacketWalk {
    /// Has conntrack see the packet.
    fileprivate mutating func meetConntrack() {
        if way.tracking == .before { way.tracking = .new }
    }

    /// The hook after this one; `nil` when the packet is through.
    fileprivate var nextHook: Hook? {
        switch hook {
        case .prerouting: way.isForwarded ? .forward : .input
        case .forward: .postrouting
        default: nil
        }
    }

    /// What accepted the packet last.
    fileprivate var lastDecision: RuleReference? {
        trace.last { $0.action == "accept" }?.place ?? trace.last?.place
    }
}
