internal import Addressing
internal import Rulesets

/// The packets of a connection after the first one.
extension RegionEvaluation {
    /// The result for this host's replies to the packets in these pieces, which it has accepted.
    func evaluateReplies(to pieces: [Piece]) -> Outcome {
        let replies = pieces.map { $0.continued { $0.reply(isCertain: $1) } }
        depart(pass(.postrouting, pass(.output, replies).afterConntrack()))
        return outcome
    }

    /// The result for the replies of the hosts to which the packets in these pieces were forwarded.
    func evaluateReplies(toForwarded pieces: [Piece]) -> Outcome {
        let arriving = pieces.map { $0.continued { $0.reply(isCertain: $1) } }
        let routed = pass(.prerouting, pass(.ingress, arriving)).afterConntrack()
        depart(pass(.postrouting, pass(.forward, routed)))
        return outcome
    }

    /// The result for packets of the client after the replies in these pieces, which it has got.
    func evaluateLater(than replies: [Piece]) -> Outcome {
        var pieces = replies.map { $0.continued { $0.later(isCertain: $1) } }
        for chain in hooks.lowerChains(setting) { pieces = passBelow(chain, pieces) }
        let tracked = pass(.prerouting, pass(.ingress, pieces)).afterConntrack()
        outcome.accepted = pass(.input, tracked.filter { !$0.state.isForwarded })
        finish()
        return outcome
    }

    /// The result for messages of ARP or neighbour discovery from, or to, the sources in a set.
    ///
    /// Chains below the IP layer that are not modelled are left out: they make the connections themselves unknown.
    func evaluateMessages(_ sources: SourceSpace.ID) -> Outcome {
        let messages = pieces([Box(sources: sources)], setting.messageState)
        if setting.isLeaving {
            outcome.accepted = pass(.egress, pass(.postrouting, pass(.output, messages).afterConntrack()))
        } else {
            outcome.accepted = pass(.input, pass(.prerouting, pass(.ingress, messages)).afterConntrack())
        }
        finish()
        return outcome
    }

    /// Lets packets that this host sends leave by their interface.
    func depart(_ pieces: [Piece]) {
        var leaving = pieces.map { piece in
            var leaving = piece
            if setting.isReply, piece.state.isTranslated { leaving.shared = SharedState(piece.state.translatedBack) }
            return leaving
        }
        for chain in hooks.lowerEgressChains(setting) { leaving = passBelow(chain, leaving) }
        outcome.accepted = pass(.egress, leaving)
        finish()
    }
}

extension Piece {
    /// The piece with another packet of its connection, whose state depends on whether that of this piece is certain.
    fileprivate func continued(_ next: (PacketState, Bool) -> PacketState) -> Piece {
        var piece = self
        piece.shared = SharedState(next(state, doubts.isEmpty))
        piece.doubts = []
        return piece
    }
}
