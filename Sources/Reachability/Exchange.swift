internal import Addressing
internal import Rulesets

/// What other tables do with the packets of a connection after its first one.
struct Exchange {
    /// Whether they may drop replies of this host, or keep them from their connections.
    let seesReplies: Bool
    /// Whether they may do so with replies of the hosts to which the first table forwards; what others forward is not its own.
    let seesForwarded: Bool
    /// Whether they may drop later packets of clients, and let the first one through.
    private let seesLater: Bool
    /// The first rule that sets a zone of conntrack.
    private let zoneRule: RuleReference?

    /// Whether they may do anything of that.
    var isDecided: Bool { seesReplies || seesForwarded || seesLater }

    /// The exchange beside a table that allows connections.
    init(_ allowed: Table?, _ others: [Table]) {
        let hooks = Hooks(tables: others)
        seesReplies = hooks.decidesOnReplies
        seesForwarded = allowed?.translation != nil && hooks.decidesOnForwardedReplies
        seesLater = hooks.decidesOnLaterPackets
        zoneRule = hooks.zoneRules.first
    }

    /// The results for the later packets of the connections of a class, each with the effect of a refusal.
    func results(
        of key: AccessRegions.Key, _ first: RegionEvaluation.Outcome, _ survey: Survey
    ) -> [(effect: AccessOverride.Effect, result: RegionEvaluation.Outcome)] {
        let local = first.accepted.filter { !$0.state.isForwarded }
        var results: [(AccessOverride.Effect, RegionEvaluation.Outcome)] = []
        var answered = local
        if seesReplies, !local.isEmpty {
            let replies = survey.evaluateReplies(key, to: local)
            results += [(.silenced, replies)] + separation(of: replies, survey.rules)
            answered = replies.accepted
        }
        let direct = answered.filter { !$0.state.isTranslated && $0.state.source == nil }
        if seesReplies, key.transport == .tcp, survey.readsFlags, !direct.isEmpty {
            results.append((.silencedLater, survey.evaluateReplies(key, to: direct, .laterReply)))
        }
        // A program may ask with one packet, and take one for an answer, but for the protocols with a handshake.
        if seesLater, [.tcp, .sctp, .dccp].contains(key.transport), !direct.isEmpty {
            results.append((.interrupted, survey.evaluateLater(key, than: direct)))
        }
        let forwarded = first.accepted.filter { $0.state.isForwarded && $0.doubts.isEmpty }
        guard seesForwarded, !forwarded.isEmpty else { return results }
        let replies = survey.evaluateReplies(key, toForwarded: forwarded)
        return results + [(.silencedTarget, replies)] + separation(of: replies, survey.rules)
    }

    /// The replies that get out in another zone than that of their connections, as if the rule for the zone refused them.
    private func separation(
        of replies: RegionEvaluation.Outcome, _ rules: RuleNumbers
    ) -> [(AccessOverride.Effect, RegionEvaluation.Outcome)] {
        guard let zoneRule else { return [] }
        let place = rules.number(zoneRule)
        var result = RegionEvaluation.Outcome()
        for piece in replies.accepted {
            if piece.state.tracking == .separate, piece.doubts.isEmpty {
                result.refused.append((piece, place))
            } else {
                result.accepted.append(piece)
            }
        }
        return [(.separated, result)]
    }
}

extension AccessOverride.Effect {
    /// Whether clients that the policy allows get no answer.
    public var isDrop: Bool { ![.redirected, .forwarded, .forgotten, .unknown].contains(self) }
}
