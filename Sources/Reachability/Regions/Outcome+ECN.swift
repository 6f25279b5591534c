internal import Rulesets

extension RegionEvaluation.Outcome {
    /// Whether the access of any packet is not certain.
    var isUncertain: Bool {
        !unknown.isEmpty || accepted.contains { !$0.doubts.isEmpty } || refused.contains { !$0.piece.doubts.isEmpty }
    }

    /// The result where packets are certain to be accepted that the other result accepts for certain.
    ///
    /// - Parameters:
    ///   - plain: the result for the packets without ECN.
    ///   - space: the space of sources.
    /// - Returns: the result for attempts.
    func settled(by plain: Self, _ space: SourceSpace) -> Self {
        let (known, settling) = (accepted.filter(\.doubts.isEmpty), plain.accepted.filter(\.doubts.isEmpty))
        let (knownBoxes, boxes) = (known.map(\.box), settling.map(\.box))
        func rest(_ piece: Piece) -> [Piece] { piece.split(by: boxes, space).outside }
        var result = self
        // Certain pieces are disjoint.
        result.accepted = known + settling.flatMap { $0.split(by: knownBoxes, space).outside }
        result.accepted += accepted.filter { !$0.doubts.isEmpty }.flatMap(rest)
        result.unknown = unknown.flatMap(rest)
        result.refused = refused.flatMap { refusal in
            refusal.piece.doubts.isEmpty ? [refusal] : rest(refusal.piece).map { ($0, refusal.place) }
        }
        result.destinationTests.add(plain.destinationTests)
        result.excess = excess ?? plain.excess
        return result
    }
}

extension Piece {
    /// Its ports and sources.
    fileprivate var box: Box { Box(ports: ports, sources: sources) }
}

extension Table {
    /// Whether a rule reads the flags of TCP, or bytes that may be those, RFC 9293 3.1.
    var readsFlags: Bool {
        chains.contains { $0.rules.contains { $0.expressions.contains(where: \.readsFlags) } }
    }
}

extension Expression {
    fileprivate var readsFlags: Bool {
        guard case .payload(let payload) = self, payload.base == .transport else { return false }
        return payload.offset <= 13 && payload.end > 13
    }
}
